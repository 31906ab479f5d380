// One text for equal arguments, by which calls are compared, kept and hashed.

import JSON

extension JSONObject {
    /// The same text for the same arguments, whatever order a model wrote them in.
    var canonicalText: String {
        let sorted = keys.sorted().map { key in
            JSONValue.string(key).text + ":" + (self[key].map(\.canonical) ?? "null")
        }
        return "{" + sorted.joined(separator: ",") + "}"
    }
}

extension JSONValue {
    fileprivate var canonical: String {
        switch self {
        case .object(let object): object.canonicalText
        case .array(let elements): "[" + elements.map(\.canonical).joined(separator: ",") + "]"
        default: text
        }
    }
}
