// Works through the outbox: looks which channels have something to send, and gives each a task of its own.

package import Identity
package import Logging
package import Storage
import Synchronization

/// The outbox's workers on this node. Any number of nodes may work on one store.
///
/// ```swift
/// let delivery = DeliveryService(database: database, channels: directory, sender: senders, renderer: renderer,
///                                composers: ["alert": …, "incident": …], logger: logger)
/// try await delivery.run()        // until its task is cancelled
/// delivery.wake()                 // after a commit that put notices in
/// ```
package final class DeliveryService: Sendable {
    let database: any Database
    let claimer: Claimer
    let sender: any ChannelSender
    let renderer: any NoticeRenderer
    let settings: DeliverySettings
    let clock: WallClock
    let usesStoreTime: Bool
    let logger: Logger
    let jitter: @Sendable () -> Double

    private let signal = DeliverySignal()
    private let dispatch = Mutex(DispatchState())
    private let counters = Mutex(DeliveryStatistics())
    private let sweep: RetentionSweep

    /// - Parameters:
    ///   - sender: for all types of channels.
    ///   - composers: by topic type (`NoticeTopic.type`).
    ///   - clock: nil for the store's own time, which all nodes share; tests give one that they move.
    ///   - jitter: numbers from 0 to 1.
    package init(
        database: any Database,
        channels: any DeliveryChannels,
        sender: any ChannelSender,
        renderer: any NoticeRenderer,
        composers: [String: any NoticeComposer],
        settings: DeliverySettings = DeliverySettings(),
        clock: WallClock? = nil,
        logger: Logger,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.database = database
        claimer = Claimer(
            channels: channels,
            composition: NoticeComposition(composers: composers),
            settings: settings
        )
        self.sender = sender
        self.renderer = renderer
        self.settings = settings
        self.clock = clock ?? .system
        usesStoreTime = clock == nil
        self.logger = logger
        self.jitter = jitter
        sweep = RetentionSweep(database: database, settings: settings, clock: self.clock, logger: logger)
    }

    /// What this node has done so far.
    package var statistics: DeliveryStatistics { counters.withLock { $0 } }

    /// Has the workers look now. Costs next to nothing; to be called after a commit that put notices in.
    package func wake() { signal.ring() }

    /// Delivers until the task is cancelled. Attempts under way get `drainTime` to end; what was claimed and not begun
    /// goes back at once.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [self] in
                await sweep.run { removed in count { $0.swept += Int64(removed) } }
            }
            var pause: Int64 = 100
            while !Task.isCancelled {
                do {
                    let (channels, wait) = try await begin()
                    for channel in channels {
                        group.addTask { [self] in
                            await serve(channel)
                            signal.ring()
                        }
                    }
                    pause = 100
                    await signal.wait(milliseconds: wait)
                } catch {
                    storeFailed("the outbox cannot be read", error)
                    await signal.wait(milliseconds: pause)
                    pause = min(pause * 2, 5_000)
                }
            }
        }
    }

    /// Works on every channel that is due, once, and returns when they have come to an end.
    ///
    /// - Returns: how many channels were worked on.
    @discardableResult
    package func pass() async throws -> Int {
        let (channels, _) = try await begin()
        await withDiscardingTaskGroup { group in
            for channel in channels {
                group.addTask { [self] in await serve(channel) }
            }
        }
        return channels.count
    }

    /// The channels to be begun, and how long to wait until the next look.
    private func begin() async throws -> ([Int64], Int64) {
        let (due, now) = try await database.read { [self] connection in
            (try DueChannels.all(connection), try time(connection))
        }
        let skew = now - clock.now()
        let (channels, wakeAt) = dispatch.withLock { state in
            state.skew = skew
            return state.begin(due, now: now, atOnce: settings.channelsAtOnce)
        }
        return (channels, min(settings.idleInterval, max(1, (wakeAt ?? .max) - now)))
    }

    private func serve(_ channel: Int64) async {
        let rest = await ChannelRun(service: self, channel: channel).run()
        dispatch.withLock { $0.end(channel, restUntil: rest) }
    }

    /// The time by which claims and pauses are reckoned.
    func time(_ connection: any SQLConnection) throws -> Int64 {
        guard usesStoreTime else { return clock.now() }
        return try connection.query("SELECT \(connection.dialect.nowMilliseconds) AS now").first?.int("now")
            ?? clock.now()
    }

    /// The store's time, by this node's clock and the difference seen last.
    var storeNow: Int64 {
        let skew = dispatch.withLock { $0.skew }
        return clock.now() + skew
    }

    func count(_ change: (inout DeliveryStatistics) -> Void) { counters.withLock { change(&$0) } }

    func storeFailed(_ what: String, _ error: any Error) {
        count { $0.storeFailures += 1 }
        logger.error("\(what)", metadata: ["reason": "\(error)"])
    }

    func succeeded(_ channel: Int64) { dispatch.withLock { $0.succeeded(channel) } }

    /// How long a channel rests after a failure, in milliseconds.
    func rest(after channel: Int64) -> Int64 {
        dispatch.withLock { $0.failed(channel, first: settings.firstRest, longest: settings.longestRest) }
    }
}
