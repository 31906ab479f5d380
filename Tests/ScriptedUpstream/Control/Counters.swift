// What happened so far, in numbers.
import Glibc
import Synchronization

/// The counters that `GET /control/stats` shows.
final class Counters: Sendable {
    struct Counts {
        var requests = 0
        var refused = 0
        var streamsStarted = 0
        var streamsFinished = 0
        var streamsCancelled = 0
        var streamsBroken = 0
        var answersStarted = 0
        var answersFinished = 0
        var answersCancelled = 0
        var answersBroken = 0
        var promptTokens = 0
        var completionTokens = 0
        var connectionsOpen = 0
        var connectionsOpened = 0

        mutating func start(_ account: Performance.Account) {
            switch account {
            case .stream: streamsStarted += 1
            case .answer: answersStarted += 1
            case .control: break
            }
        }

        mutating func report(_ tokens: ReportedTokens?) {
            promptTokens += tokens?.prompt ?? 0
            completionTokens += tokens?.completion ?? 0
        }
    }

    private let counts = Mutex(Counts())

    func update(_ change: (inout Counts) -> Void) {
        counts.withLock { change(&$0) }
    }

    func finished(_ performance: Performance) {
        counts.withLock { counts in
            counts.report(performance.reported)
            switch performance.account {
            case .stream: counts.streamsFinished += 1
            case .answer: counts.answersFinished += 1
            case .control: break
            }
        }
    }

    /// The script ended it before its end.
    func broken(_ performance: Performance) {
        counts.withLock { counts in
            counts.report(performance.reported)
            switch performance.account {
            case .stream: counts.streamsBroken += 1
            case .answer: counts.answersBroken += 1
            case .control: break
            }
        }
    }

    /// The client closed the connection before the end.
    func cancelled(_ performance: Performance) {
        counts.withLock { counts in
            counts.report(performance.reported)
            switch performance.account {
            case .stream: counts.streamsCancelled += 1
            case .answer: counts.answersCancelled += 1
            case .control: return
            }
        }
    }

    /// Back to zero, except for the connections that are open.
    func reset() {
        counts.withLock { counts in
            let open = counts.connectionsOpen
            counts = Counts()
            counts.connectionsOpen = open
        }
    }

    var json: String {
        let counts = counts.withLock { $0 }
        let ended = counts.streamsFinished + counts.streamsCancelled + counts.streamsBroken
        let answered = counts.answersFinished + counts.answersCancelled + counts.answersBroken
        let members: [(String, String)] = [
            ("requests", "\(counts.requests)"),
            ("refused", "\(counts.refused)"),
            ("streams_started", "\(counts.streamsStarted)"),
            ("streams_finished", "\(counts.streamsFinished)"),
            ("streams_cancelled", "\(counts.streamsCancelled)"),
            ("streams_broken", "\(counts.streamsBroken)"),
            ("streams_open", "\(counts.streamsStarted - ended)"),
            ("answers_started", "\(counts.answersStarted)"),
            ("answers_finished", "\(counts.answersFinished)"),
            ("answers_cancelled", "\(counts.answersCancelled)"),
            ("answers_broken", "\(counts.answersBroken)"),
            ("answers_open", "\(counts.answersStarted - answered)"),
            ("prompt_tokens", "\(counts.promptTokens)"),
            ("completion_tokens", "\(counts.completionTokens)"),
            ("connections_open", "\(counts.connectionsOpen)"),
            ("connections_opened", "\(counts.connectionsOpened)"),
        ]
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec / 1000) / 1000
    }
}
