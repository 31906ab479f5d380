// The seam between a running turn and one of the streamed wire formats.

import Conversation
import OpenAIProtocol
import Providers

/// A sink that collects a whole answer.
protocol WholeSink: TurnSink, SurfaceSink {
    /// Who answered and after how many targets, once that is known.
    var target: (RouteTarget, attempts: Int)? { get }
}

/// A sink of one of the forms in which clients speak.
protocol SurfaceSink {
    /// A member of a chat request by its name in this form.
    static func renamed(_ chat: String) -> String
}

extension SurfaceSink {
    static func renamed(_ chat: String) -> String { chat }
}

extension CompletionSink: WholeSink {}

/// A sink that writes a turn's events to a `ResponseStream` in a format of its own.
protocol StreamSink: TurnSink, SurfaceSink {
    /// Who answered and after how many targets, once that is known.
    var target: (RouteTarget, attempts: Int)? { get }

    /// The last frames. A failure ends with the format's error frame and nothing that looks complete.
    func finish(_ end: TurnEnd, usage: Usage) async
}
