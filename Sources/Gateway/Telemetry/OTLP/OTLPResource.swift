// Who sends: the resource, and attributes of any kind.

import Conversation

/// Makes the parts that traces and metrics share.
enum OTLPParts {
    static func attribute(_ name: String, _ value: SpanAttribute.Value) -> OTLPMessage {
        OTLPMessage([(1, "key", .text(name)), (2, "value", .message(any(value)))])
    }

    static func attributes(_ pairs: [(String, String)]) -> OTLPMessage.Value {
        .messages(pairs.map { attribute($0.0, .text($0.1)) })
    }

    private static func any(_ value: SpanAttribute.Value) -> OTLPMessage {
        switch value {
        case .text(let text): OTLPMessage([(1, "stringValue", .text(text))])
        case .integer(let number): OTLPMessage([(3, "intValue", .integer(number))])
        case .texts(let texts):
            OTLPMessage([
                (
                    5, "arrayValue",
                    .message(
                        OTLPMessage([(1, "values", .messages(texts.map { any(.text($0)) }))])
                    )
                )
            ])
        }
    }

    /// `ResourceSpans` and `ResourceMetrics` begin alike; so do their scopes.
    ///
    /// - Parameter items: the field with the spans or metrics: its JSON name and its messages.
    static func request(
        _ resource: [(String, String)],
        groups: String,
        scopes: String,
        items: String,
        _ messages: [OTLPMessage]
    ) -> OTLPMessage {
        let scope = OTLPMessage([
            (
                1, "scope",
                .message(OTLPMessage([(1, "name", .text("opsgate")), (2, "version", .text(ProgramVersion.current))]))
            ), (2, items, .messages(messages)),
        ])
        let group = OTLPMessage([
            (1, "resource", .message(OTLPMessage([(1, "attributes", attributes(resource))]))),
            (2, scopes, .messages([scope])),
        ])
        return OTLPMessage([(1, groups, .messages([group]))])
    }
}
