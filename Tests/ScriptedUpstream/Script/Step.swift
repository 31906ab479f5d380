// One step of a script: what the upstream says to one request, and how it misbehaves while it says it.

/// One answer as the tester described it. The members are explained in this folder's README.
struct Step: Sendable {
    /// Where usage stands in a stream.
    enum UsagePlace: String, CaseIterable { case end, lastChoice = "last_choice", every, missing }
    /// What `index` the tool deltas carry.
    enum ToolIndexes: String, CaseIterable { case normal, zero, missing }
    /// Whether the answer is a stream: as the request asks, or one or the other whatever it asks.
    enum AnswerKind: String, CaseIterable { case asked, stream, json }
    /// How the body's end is told: chunked coding, a length, or the end of the connection.
    enum Framing: String, CaseIterable { case chunked, length, close }
    /// What ends a line of the event stream.
    enum LineEnd: String, CaseIterable { case lf, crlf, cr }
    /// How a connection dies.
    enum Death: String, CaseIterable { case reset, close }

    struct ToolCall: Sendable {
        var id: String?
        var name: String
        /// The arguments' JSON text, which need not be valid.
        var arguments: String
    }

    /// Death after so many bytes of the body; nil is before the head.
    struct Dying: Sendable {
        var afterBodyBytes: Int?
        var how: Death
    }

    struct HugeEvent: Sendable {
        var mebibytes: Int
        var endsWithNewline: Bool
    }

    // What the model says.
    var text: [String] = []
    var reasoning: [String] = []
    var refusal: String?
    var toolCalls: [ToolCall] = []
    var argumentsEvery: Int?
    var interleaved = false
    var toolIndexes = ToolIndexes.normal
    var idOnEveryFragment = false
    var argumentsAsObject = false
    /// nil: by what was said; `.null`: none at all.
    var finishReason: Value?
    var usage: [String: Value] = Step.usualUsage
    var usagePlace = UsagePlace.end
    var usageUnasked = false
    var roleChunk = true
    var extraChunk: [String: Value] = [:]
    var extraDelta: [String: Value] = [:]

    // When. Milliseconds.
    var delayBeforeHead = 0
    var delayBeforeFirst = 0
    var delayBetween = 0

    // As HTTP.
    var status = 200
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?
    var contentType: String?
    var answer = AnswerKind.asked
    var framing: Framing?
    var blankLines = 0
    var dying: Dying?

    // As bytes of an event stream.
    var splitEvery: Int?
    var splitAt: [Int] = []
    var lineEnd = LineEnd.lf
    var comment: String?
    var fields: [String] = []
    var firstEvents: [String] = []
    var lateEvents: [String] = []
    var done = true
    var finalBlankLine = true
    var huge: HugeEvent?
    var infinite = false

    static let usualUsage: [String: Value] = [
        "prompt_tokens": .integer(12), "completion_tokens": .integer(7), "total_tokens": .integer(19),
        "prompt_tokens_details": .object(["cached_tokens": .integer(3), "audio_tokens": .integer(0)]),
        "completion_tokens_details": .object([
            "reasoning_tokens": .integer(2), "audio_tokens": .integer(0),
            "accepted_prediction_tokens": .integer(0), "rejected_prediction_tokens": .integer(0),
        ]),
    ]

    /// A step that only says the text, in one piece.
    init(saying text: String) {
        self.text = [text]
    }

    /// The reason that the answer ends with, as JSON.
    var finish: Value {
        finishReason ?? .string(toolCalls.isEmpty ? "stop" : "tool_calls")
    }
}
