// What a loop is given is done, on its thread, and nothing is lost when it ends.

import Dispatch
import Glibc
import Support
import Synchronization
import Testing

@testable import Loops

/// Counts from many threads.
private final class Count: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .acquiring) }

    func up() { count.add(1, ordering: .acquiringAndReleasing) }
}

@Suite struct EventLoopTests {
    @Test func tasksStayOnTheThreadOfTheirLoop() async throws {
        let group = try LoopGroup(count: 2)
        for loop in group.loops {
            let places = await Task.detached(executorPreference: loop) {
                var places = [loop.isCurrent]
                await Task.yield()
                places.append(loop.isCurrent)
                try? await Task.sleep(for: .milliseconds(1))
                places.append(loop.isCurrent)
                return places
            }.value
            #expect(places == [true, true, true])
            #expect(!loop.isCurrent)
        }
        await group.shutdown()
    }

    /// The loop is woken however its sleep and the job fall together.
    @Test func everyJobFromEveryThreadIsRun() async throws {
        let group = try LoopGroup(count: 1)
        let loop = group.next()
        let done = Count()
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    for number in 0..<2_000 {
                        loop.execute { _ in done.up() }
                        if number % 100 == 0 { try? await Task.sleep(for: .microseconds(200)) }
                    }
                }
            }
        }
        try await eventually("all are done") { done.value == 16_000 }
        await group.shutdown()
    }

    /// A job that is given while the loop ends is either done by it or goes elsewhere.
    @Test func everyTaskEndsThoughTheLoopsDo() async throws {
        for _ in 0..<20 {
            let group = try LoopGroup(count: 2)
            let turns = Count()
            await withTaskGroup(of: Void.self) { tasks in
                for number in 0..<64 {
                    tasks.addTask(executorPreference: group.loops[number % 2]) {
                        for _ in 0..<200 {
                            turns.up()
                            await Task.yield()
                        }
                    }
                }
                while turns.value < 1_000 { await Task.yield() }
                await group.shutdown()
            }
            #expect(turns.value == 64 * 200)
            let loop = group.next()
            #expect(!loop.execute { _ in })
            #expect(await loop.run { _ in 1 } == nil)
            #expect(await Task.detached(executorPreference: loop) { 43 }.value == 43)
        }
    }

    @Test func timersComeInTheirOrderAndOnce() async throws {
        let group = try LoopGroup(count: 1)
        let order = Mutex<[Int]>([])
        _ = await group.next().run { core in
            for time in [900, 300, 600] {
                core.after(.milliseconds(time)) { order.withLock { $0.append(time) } }
            }
        }
        try await eventually("all have come") { order.withLock { $0.count } >= 3 }
        try await Task.sleep(for: .milliseconds(30))
        #expect(order.withLock { $0 } == [300, 600, 900])
        await group.shutdown()
    }

    @Test func descriptorsAreWatchedUntilTheyAreNot() async throws {
        let group = try LoopGroup(count: 1)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        let heard = Count()
        _ = await group.next().run { core in
            core.watch(reading, for: .readable, Listening(core, reading, heard))
        }
        for number in 1...3 {
            #expect(write(writing, "x", 1) == 1)
            try await eventually("byte \(number) is heard") { heard.value == number }
        }
        _ = await group.next().run { $0.rest(reading) }
        #expect(write(writing, "x", 1) == 1)
        try await Task.sleep(for: .milliseconds(20))
        #expect(heard.value == 3)
        // What came meanwhile is heard when somebody listens again.
        _ = await group.next().run { $0.watch(reading, for: .readable, Listening($0, reading, heard)) }
        try await eventually("the last byte is heard") { heard.value == 4 }
        // Another under the same number is not taken for it.
        var others: [Int32] = [0, 0]
        #expect(pipe(&others) == 0)
        let (other, otherWriting) = (others[0], others[1])
        _ = await group.next().run { core in
            core.forget(reading)
            close(reading)
            dup2(other, reading)
            core.watch(reading, for: .readable, Listening(core, reading, heard))
        }
        #expect(write(otherWriting, "x", 1) == 1)
        try await eventually("the other one is heard") { heard.value == 5 }
        await group.shutdown()
        for descriptor in [reading, writing, other, otherWriting] { close(descriptor) }
    }

    /// Reads a byte at a time and counts.
    private final class Listening: DescriptorHandler {
        private unowned let core: LoopCore
        private let descriptor: Int32
        private let heard: Count

        init(_ core: LoopCore, _ descriptor: Int32, _ heard: Count) {
            self.core = core
            self.descriptor = descriptor
            self.heard = heard
        }

        func ready(_ descriptor: Int32, _ events: DescriptorEvents) {
            if descriptor == self.descriptor, read(descriptor, core.scratch.baseAddress, 1) == 1 { heard.up() }
        }
    }

    /// Who lives on a loop hears of its end, and what it then says is still done.
    @Test func tenantsHearOfTheEnd() async throws {
        let group = try LoopGroup(count: 1)
        let turns = Count()
        let ends = Count()
        let last = Count()
        _ = await group.next().run { $0.adopt(Tenant(turns, ends) { last.up() }) }
        group.next().execute { _ in }
        try await eventually("it has its part") { turns.value > 0 }
        await group.shutdown()
        #expect(ends.value == 1)
        try await eventually("the task goes on") { last.value == 1 }
    }

    private final class Tenant: LoopTenant {
        var deadline: Moment?
        var hasWork: Bool { false }
        private let turns: Count
        private let ends: Count

        init(_ turns: Count, _ ends: Count, then end: @escaping @Sendable () -> Void) {
            self.turns = turns
            self.ends = ends
            let stream = AsyncStream<Void>.makeStream()
            continuation = stream.continuation
            Task.detached(executorPreference: LoopCore.current?.loop) {
                for await _ in stream.stream {}
                end()
            }
        }

        private let continuation: AsyncStream<Void>.Continuation

        func turn(hasListened: Bool) { turns.up() }

        func leave() {
            ends.up()
            continuation.finish()
        }
    }
}
