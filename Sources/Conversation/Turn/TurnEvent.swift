// What a turn says while it runs, and how it can end.

package import OpenAIProtocol
package import Providers
package import Tools

/// Something for whoever listens to a turn.
package enum TurnEvent: Sendable {
    /// A target has taken the first round; from here on an answer is under way.
    case began(RouteTarget, attempts: Int)
    /// Raw members for all chunks that follow.
    case metadata([UInt8])
    /// What an upstream that was addressed told of its usage beyond the counts.
    case usageDetails(UsageDetails)
    case delta(ModelDelta)
    /// Something happened in the tool loop; shown to people as thinking where that is wanted.
    indirect case step(ToolStep)
    /// The choice is complete.
    case finish(choice: Int, FinishReason)
}

/// A tool call that begins or ends.
package struct ToolStep: Sendable {
    package enum Phase: Sendable {
        case started
        case ended(ToolStatus, extent: String, Duration)
        case refused(String)
    }

    package let callID: String
    package let name: String
    /// The arguments' JSON text as the model wrote it.
    package let arguments: String
    package let phase: Phase

    package init(callID: String, name: String, arguments: String, phase: Phase) {
        self.callID = callID
        self.name = name
        self.arguments = arguments
        self.phase = phase
    }

    /// One line for people.
    package var text: String {
        switch phase {
        case .started: return "`\(name)` \(arguments.prefix(300))\n"
        case .refused(let reason): return "`\(name)` refused: \(reason.prefix(300))\n"
        case .ended(let status, let extent, let duration):
            let rows = extent.isEmpty ? "" : ", \(extent)"
            return "`\(name)`: \(status.rawValue)\(rows) (\(duration.milliseconds) ms)\n"
        }
    }
}

/// Who listens: a response stream, or a collector for whole answers.
package protocol TurnSink: Sendable {
    /// Takes events in order. May wait until there is room.
    ///
    /// - Throws: when nobody listens any more; the turn then ends as `clientGone`.
    func send(_ events: [TurnEvent]) async throws

    /// How long turns have waited here for whoever reads; no fault of the gateway's, and not its overhead.
    var waited: Duration { get }
}

extension TurnSink {
    package var waited: Duration { .zero }
}

/// How a turn ended; exactly one of these stands in its usage row.
package enum TurnEnd: Sendable {
    case finished
    /// The client went away, or the server's drain time was over.
    case cancelled(CancellationCause)
    /// Something failed; what a client is told is here.
    indirect case failed(OpenAIError)

    /// Why a running turn was stopped from outside.
    package enum CancellationCause: String, Sendable {
        case clientGone = "client_gone"
        case shutDown = "shut_down"
    }

    /// The word in the usage row.
    package var label: String {
        switch self {
        case .finished: "finished"
        case .cancelled(let cause): cause.rawValue
        case .failed(let error): error.code ?? error.type
        }
    }
}
