// Puts a streamed response together again, as the strictest of the client libraries does.

import JSON
import OpenAIProtocol
import Testing

/// A reference accumulator: events in, the response object out. It knows nothing of the gateway's code.
struct ResponseFold {
    private(set) var items: [JSONValue] = []
    private(set) var last: JSONValue?
    private(set) var names: [String] = []
    private(set) var fault: String?

    init(_ bytes: [UInt8]) throws {
        var framer = SSEFramer()
        let events = try framer.append(bytes) + framer.finish()
        for (number, event) in events.enumerated() {
            let value = try JSONValue(parsing: event.data)
            let type = value["type"]?.string ?? ""
            names.append(type)
            if event.name != type { fault = "named \(event.name ?? "-"), but is \(type)" }
            if value["sequence_number"]?.int != number { fault = "\(type) is not number \(number)" }
            if last != nil { fault = "\(type) after the end" }
            take(type, value)
        }
        if names.first != "response.created" { fault = "begins with \(names.first ?? "nothing")" }
    }

    private mutating func take(_ type: String, _ event: JSONValue) {
        let index = event["output_index"]?.int ?? -1
        if type.hasPrefix("response.output_item.") {
            guard let item = event["item"] else { return fault = "no item" }
            if type.hasSuffix("added") {
                if index != items.count { fault = "item \(index) is added at \(items.count)" }
                if items.contains(where: { $0["id"] == item["id"] }) { fault = "an id twice" }
                items.append(item)
            } else {
                // What the deltas made of it must be what it says itself, but for its state.
                var built = items[index].object ?? [:]
                built["status"] = item["status"]
                if .object(built) != item { fault = "\(JSONValue.object(built).text) became \(item.text)" }
                items[index] = item
            }
            return
        }
        switch type {
        case "response.created", "response.in_progress": return
        case "response.completed", "response.incomplete", "response.failed":
            last = event["response"]
            return
        default: break
        }
        guard items.indices.contains(index), items[index]["id"] == event["item_id"] else {
            return fault = "\(type) of an unknown item"
        }
        if items[index]["status"] == "completed" { fault = "\(type) after its item was done" }
        var item = items[index].object ?? [:]
        if type.hasPrefix("response.function_call_arguments") {
            if let delta = event["delta"]?.string {
                item["arguments"] = .string((item["arguments"]?.string ?? "") + delta)
            } else if event["arguments"] != item["arguments"] {
                fault = "other arguments at the end"
            }
        } else {
            let list = type.contains("summary") ? "summary" : "content"
            var parts = item[list]?.array ?? []
            let place = event["\(list)_index"]?.int ?? -1
            if type.hasSuffix("part.added") {
                if place != parts.count { fault = "part \(place) is added at \(parts.count)" }
                parts.append(event["part"] ?? .null)
            } else if parts.indices.contains(place) {
                take(type, event, &parts[place])
            } else {
                fault = "\(type) of an unknown part"
            }
            item[list] = .array(parts)
        }
        items[index] = .object(item)
    }

    private mutating func take(_ type: String, _ event: JSONValue, _ part: inout JSONValue) {
        let member = type.contains("refusal") ? "refusal" : "text"
        var object = part.object ?? [:]
        if type.hasSuffix("part.done") {
            if event["part"] != part { fault = "another part at the end" }
        } else if let delta = event["delta"]?.string {
            object[member] = .string((object[member]?.string ?? "") + delta)
        } else if event[member] != object[member] {
            fault = "another text at the end"
        }
        part = .object(object)
    }
}
