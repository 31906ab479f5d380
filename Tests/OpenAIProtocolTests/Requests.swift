// Short ways to write requests and to see what was refused.

import JSON
import OpenAIProtocol
import Testing

/// A request with one user message and these members before it.
func requestBody(_ members: String = "") -> [UInt8] {
    let rest = members.isEmpty ? "" : ",\(members)"
    return Array("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]\(rest)}".utf8)
}

/// A request with these message objects.
func request(messages: String) throws -> ChatRequest {
    try ChatRequest(parsing: Array("{\"model\":\"m\",\"messages\":[\(messages)]}".utf8))
}

/// What reading `body` is refused with.
func refusal(of body: [UInt8], _ location: SourceLocation = #_sourceLocation) -> OpenAIError? {
    do {
        _ = try ChatRequest(parsing: body)
        Issue.record("accepted: \(text(body))", sourceLocation: location)
        return nil
    } catch {
        return error
    }
}

func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

/// The JSON of every `data:` frame but `[DONE]`.
func chunks(_ bytes: [UInt8]) throws -> [JSONValue] {
    var framer = SSEFramer()
    return try framer.append(bytes).filter { !$0.isDone }.map { try JSONValue(parsing: $0.data) }
}
