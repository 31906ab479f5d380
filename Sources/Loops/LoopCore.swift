// The loop itself, on its own thread.

import CEpoll
import Glibc

/// A loop as those see it who run on its thread. Nobody else ever holds one.
///
/// A turn: wait, tell the handlers of ready descriptors, run what is due, then jobs and tenants until neither has anything
/// to do.
package final class LoopCore {
    /// Jobs that are run before descriptors are looked at again.
    private static let roundsInARow = 16

    package let loop: EventLoop
    /// The time of this turn: read once, since every event of it asks.
    package private(set) var now = Moment.now
    /// For reading from a descriptor: what is in it is used up before the next call.
    package let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    private var watch: DescriptorWatch
    private var watched = WatchedDescriptors()
    private var tenants: [any LoopTenant] = []
    private var jobs: [LoopJob] = []
    /// Storage to be used again.
    private var spare: [LoopJob] = []
    private var postponed: [() -> Void] = []
    private var timers = DeadlineQueue()
    private var actions: [Int: () -> Void] = [:]
    private var lastTimer = 0

    init(_ loop: EventLoop, _ watch: consuming DescriptorWatch) {
        self.loop = loop
        self.watch = watch
    }

    deinit {
        scratch.deallocate()
    }

    // MARK: What lives here

    /// Tells `handler` of these events of a descriptor; with none, nobody of any.
    ///
    /// - Returns: false when the system has no room for it.
    @discardableResult
    package func watch(_ descriptor: Int32, for events: DescriptorEvents, _ handler: any DescriptorHandler) -> Bool {
        guard descriptor >= 0 else { return false }
        let isKnown = watched[descriptor].isResting && watch.events(of: descriptor) == events
        watched[descriptor] = Watched(handler: events.isEmpty ? nil : handler)
        return isKnown || watch.watch(descriptor, for: events)
    }

    /// Tells nobody of a descriptor for the time being. It is expected to be silent, and taken out only if it is not: a
    /// connection that is used again and again is registered once. Only for a descriptor whose end will be told (`forget`).
    package func rest(_ descriptor: Int32) {
        if descriptor >= 0 { watched[descriptor] = Watched(isResting: true) }
    }

    /// The descriptor is about to be closed: another may get its number.
    package func forget(_ descriptor: Int32) {
        guard descriptor >= 0 else { return }
        watched[descriptor] = Watched()
        watch.forget(descriptor)
    }

    /// Runs `action` in the next turn, when every descriptor that is ready by then has had its part.
    package func inNextTurn(_ action: @escaping () -> Void) {
        postponed.append(action)
    }

    package func adopt(_ tenant: any LoopTenant) {
        tenants.append(tenant)
    }

    package func dismiss(_ tenant: any LoopTenant) {
        tenants.removeAll { $0 === tenant }
    }

    /// Runs `action` once, when that time has passed.
    package func after(_ duration: Duration, _ action: @escaping () -> Void) {
        lastTimer += 1
        actions[lastTimer] = action
        timers.schedule(lastTimer, at: Moment.now.advanced(by: duration))
    }

    func add(_ job: LoopJob) {
        jobs.append(job)
    }

    // MARK: Turning

    /// Runs until the loop ends.
    func run() {
        Self.setCurrent(self)
        while true {
            listen()
            while let (_, id) = timers.popDue(now) { actions.removeValue(forKey: id)?() }
            for action in postponedActions() { action() }
            work()
            if loop.isEnding, jobs.isEmpty, leave() { break }
        }
        Self.setCurrent(nil)
    }

    private func listen() {
        var milliseconds: Int32 = 0
        if jobs.isEmpty, postponed.isEmpty, loop.mayFallAsleep({ tenants.contains { $0.hasWork } }) {
            var next = timers.next
            for tenant in tenants {
                if let deadline = tenant.deadline { next = next.map { min($0, deadline) } ?? deadline }
            }
            milliseconds = next.map { Int32(clamping: $0.milliseconds(since: .now)) } ?? -1
        }
        let count = watch.wait(milliseconds: milliseconds)
        loop.hasWoken()
        now = .now
        for index in 0..<count {
            let ready = watch[index]
            if let handler = watched[ready.descriptor].handler {
                handler.ready(ready.descriptor, ready.events)
            } else if ready.descriptor != loop.wakeDescriptor {
                forgetQuietly(ready.descriptor)
            }
        }
    }

    /// It was to be silent, and nobody wants to hear it.
    private func forgetQuietly(_ descriptor: Int32) {
        watched[descriptor] = Watched()
        watch.watch(descriptor, for: [])
    }

    private func postponedActions() -> [() -> Void] {
        var actions: [() -> Void] = []
        swap(&actions, &postponed)
        return actions
    }

    private func work() {
        var batch: [LoopJob] = []
        swap(&batch, &spare)
        defer { swap(&batch, &spare) }
        for round in 0..<Self.roundsInARow {
            loop.takeJobs(into: &jobs)
            swap(&batch, &jobs)
            for job in batch { run(job) }
            if !batch.isEmpty { now = .now }
            batch.removeAll(keepingCapacity: true)
            for tenant in tenants { tenant.turn(hasListened: round == 0) }
            if jobs.isEmpty { return }
        }
    }

    private func run(_ job: LoopJob) {
        switch job {
        case .task(let job): job.runSynchronously(on: loop.asUnownedTaskExecutor())
        case .body(let body): body(self)
        }
    }

    /// False when something came in between.
    private func leave() -> Bool {
        for tenant in tenants { tenant.leave() }
        tenants = []
        // Those have told whom they had to tell, and somebody may have moved in meanwhile.
        work()
        guard jobs.isEmpty, tenants.isEmpty, loop.close() else { return false }
        actions = [:]
        postponed = []
        watched = WatchedDescriptors()
        return true
    }
}

// MARK: - Whose thread this is

extension LoopCore {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// The loop whose thread calls, if it is one's.
    package static var current: LoopCore? {
        guard let pointer = pthread_getspecific(key) else { return nil }
        return Unmanaged<LoopCore>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// The thread holds the core for as long as it runs.
    private static func setCurrent(_ core: LoopCore?) {
        pthread_setspecific(key, core.map { Unmanaged.passUnretained($0).toOpaque() })
    }
}

// MARK: - Who hears of which descriptor

/// What is known of one descriptor.
private struct Watched {
    var handler: (any DescriptorHandler)?
    var isResting = false
}

/// A table by descriptor: these are small numbers.
private struct WatchedDescriptors {
    private var table: [Watched] = []

    subscript(descriptor: Int32) -> Watched {
        get { Int(descriptor) < table.count ? table[Int(descriptor)] : Watched() }
        _modify {
            let index = Int(descriptor)
            if index >= table.count {
                table.append(contentsOf: repeatElement(Watched(), count: index + 64 - table.count))
            }
            yield &table[index]
        }
    }
}
