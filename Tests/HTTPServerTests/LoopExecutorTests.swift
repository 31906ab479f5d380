// No job is lost when the loops of a server end.

import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPServer

/// A group that hands a loop out only when the test lets it, as if the thread had been put aside just there.
private final class SlowGroup: EventLoopGroup {
    private let inner: MultiThreadedEventLoopGroup
    let isAsked = Atomic<Bool>(false)
    let mayGo = Atomic<Bool>(false)

    init(_ inner: MultiThreadedEventLoopGroup) { self.inner = inner }

    func next() -> any EventLoop {
        isAsked.store(true, ordering: .releasing)
        while !mayGo.load(ordering: .acquiring) { sched_yield() }
        return inner.next()
    }

    func any() -> any EventLoop { next() }
    func makeIterator() -> EventLoopIterator { inner.makeIterator() }
    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        inner.shutdownGracefully(queue: queue, callback)
    }
}

/// Counts from many tasks.
private final class Count: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .acquiring) }

    func up() { count.add(1, ordering: .acquiringAndReleasing) }
}

@Suite struct LoopExecutorTests {
    /// A job that has asked for a loop just before closing gets it before the loops end.
    @Test func closingWaitsForJobsOnTheirWay() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let group = SlowGroup(loops)
        let closing = LoopsClosing()
        let executor = LoopExecutor(home: group, closing: closing)
        let jobs = Count()
        // On a thread of its own: whoever makes a task hands its first job over.
        DispatchQueue(label: "maker").async {
            Task.detached(executorPreference: executor) { jobs.up() }
        }
        while !group.isAsked.load(ordering: .acquiring) { await Task.yield() }
        let hasClosed = Count()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await closing.begin()
                hasClosed.up()
                try? await loops.shutdownGracefully()
            }
            for _ in 0..<50 { await Task.yield() }
            #expect(hasClosed.value == 0)
            group.mayGo.store(true, ordering: .releasing)
        }
        while jobs.value == 0 { await Task.yield() }
        // Later ones go elsewhere.
        #expect(await Task.detached(executorPreference: executor) { 43 }.value == 43)
    }

    @Test func everyTaskEndsThoughTheLoopsDo() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let closing = LoopsClosing()
        let executor = LoopExecutor(home: loops, closing: closing)
        let turns = Count()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask(executorPreference: executor) {
                    for _ in 0..<200 {
                        turns.up()
                        await Task.yield()
                    }
                }
            }
            while turns.value < 500 { await Task.yield() }
            await closing.begin()
            try? await loops.shutdownGracefully()
        }
        #expect(turns.value == 64 * 200)
    }
}
