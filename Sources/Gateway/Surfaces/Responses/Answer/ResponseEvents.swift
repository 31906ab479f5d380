// The events of a streamed response: their names, their numbers, their frames.

import JSON
import OpenAIProtocol

/// Writes events. Each has its name twice, in the `event:` line and as `type`, and a number one higher than the one
/// before (`clients.md` 2.7).
struct ResponseEvents: Sendable {
    private var sequence = 0

    /// An event that carries the response object.
    mutating func lifeCycle(
        _ name: String,
        _ document: ResponseDocument,
        _ state: ResponseDocument.State,
        into out: inout [UInt8]
    ) {
        event(name, into: &out) { writer in
            writer.key("response")
            document.write(state, into: &writer)
        }
    }

    /// The events of a change.
    mutating func change(_ change: OutputChange, in items: [OutputItem], into out: inout [UInt8]) {
        switch change {
        case .itemAdded(let index): item("added", items[index].opening, index, into: &out)
        case .itemDone(let index): item("done", items[index], index, into: &out)
        case .partAdded(let index, let part):
            let empty = OutputItem.Part(kind: items[index].parts[part].kind)
            self.part("added", empty, at: part, of: items[index], index, into: &out)
        case .textGrew(let index, let part, let text):
            self.text("delta", "delta", text, of: items[index], index, part, into: &out)
        case .argumentsGrew(let index, let text):
            event("response.function_call_arguments.delta", items[index], index, into: &out) { writer in
                writer.key("delta")
                writer.text(text)
            }
        case .partDone(let index, let place):
            let item = items[index]
            guard item.kind != .functionCall else {
                event("response.function_call_arguments.done", item, index, into: &out) { writer in
                    writer.key("name")
                    writer.string(item.name)
                    writer.key("arguments")
                    writer.text(item.arguments)
                }
                return
            }
            let part = item.parts[place]
            let whole = part.kind == .refusal ? "refusal" : "text"
            text("done", whole, part.text, of: item, index, place, into: &out)
            self.part("done", part, at: place, of: item, index, into: &out)
        }
    }

    private mutating func item(_ phase: String, _ item: OutputItem, _ index: Int, into out: inout [UInt8]) {
        event("response.output_item.\(phase)", into: &out) { writer in
            writer.key("output_index")
            writer.int(index)
            writer.key("item")
            item.write(into: &writer)
        }
    }

    private mutating func part(
        _ phase: String,
        _ part: OutputItem.Part,
        at place: Int,
        of item: OutputItem,
        _ index: Int,
        into out: inout [UInt8]
    ) {
        let isSummary = item.kind == .reasoning
        let name = isSummary ? "response.reasoning_summary_part.\(phase)" : "response.content_part.\(phase)"
        event(name, item, index, into: &out) { writer in
            writer.key(isSummary ? "summary_index" : "content_index")
            writer.int(place)
            writer.key("part")
            part.write(into: &writer)
        }
    }

    private mutating func text(
        _ phase: String,
        _ member: String,
        _ text: JSONText,
        of item: OutputItem,
        _ index: Int,
        _ place: Int,
        into out: inout [UInt8]
    ) {
        let kind = item.parts[place].kind
        let name =
            switch kind {
            case .text: "response.output_text.\(phase)"
            case .refusal: "response.refusal.\(phase)"
            case .summary: "response.reasoning_summary_text.\(phase)"
            }
        event(name, item, index, into: &out) { writer in
            writer.key(kind == .summary ? "summary_index" : "content_index")
            writer.int(place)
            writer.key(member)
            writer.text(text)
            if kind == .text {
                writer.key("logprobs")
                writer.beginArray()
                writer.endArray()
            }
        }
    }

    /// An event that is about an item.
    private mutating func event(
        _ name: String,
        _ item: OutputItem,
        _ index: Int,
        into out: inout [UInt8],
        _ members: (inout JSONWriter) -> Void
    ) {
        event(name, into: &out) { writer in
            writer.key("item_id")
            writer.string(item.id)
            writer.key("output_index")
            writer.int(index)
            members(&writer)
        }
    }

    private mutating func event(_ name: String, into out: inout [UInt8], _ members: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(capacity: 240)
        writer.beginObject()
        writer.key("type")
        writer.string(name)
        writer.key("sequence_number")
        writer.int(sequence)
        members(&writer)
        writer.endObject()
        sequence += 1
        ServerSentEvents.append(writer.bytes, event: name, to: &out)
    }
}
