// How a source without a form of its own is read: the column `mapping`, checked and ready for use.

package import JSON
package import Resources

/// Where one value comes from.
package enum MappedValue: Sendable, Hashable {
    case path(JSONPath)
    /// Written `"=text"`.
    case constant(String)

    init(_ text: String) throws(JSONPathFault) {
        if text.first == "=" {
            self = .constant(String(text.dropFirst()))
        } else {
            self = .path(try JSONPath(parsing: text))
        }
    }

    /// The values at the place, `limit` at the most; a constant is a value everywhere.
    func text(in view: JSONView, limit: Int) -> String? {
        switch self {
        case .constant(let text): return text.isEmpty ? nil : text.cut(to: limit)
        case .path(let path):
            // Several values (`[*]`) are said one after another.
            let texts = path.values(in: view, limit: 20).compactMap { EventFields.text($0, limit: limit) }
            return texts.isEmpty ? nil : texts.joined(separator: ", ").cut(to: limit)
        }
    }
}

/// Labels or annotations: an object (or a list of tags) as it is, or one path a name.
package enum MappedLabels: Sendable, Hashable {
    case whole(JSONPath)
    case named([String: MappedValue])
}

/// The object in `mapping`. Paths look into the event; `events` into the body.
///
///     {"events": "$.alerts[*]", "title": "$.name", "level": "$.severity", "status": "$.state",
///      "status_resolved": ["ok"], "start_time": "$.since", "end_time": "$.until", "external_id": "$.id",
///      "event_id": "$.uuid", "description": "$.text", "host": "$.host", "link": "$.url",
///      "labels": {"team": "$.owner.team", "env": "=prod"}, "annotations": "$.details"}
///
/// Without `events` the body is the event, or its elements are when it is an array.
package struct EventMapping: Sendable, Hashable {
    package var events: JSONPath?
    package var title: MappedValue
    package var values: [String: MappedValue] = [:]
    package var labels: MappedLabels?
    package var annotations: MappedLabels?
    /// Words of `status`, in lower case, that say it is over; every other word says that it goes on.
    package var resolvedWords: Set<String>

    /// Members with one value, beside `title`.
    private static let single = [
        "level", "status", "start_time", "end_time", "external_id", "event_id", "description", "host", "link",
    ]
    private static let others = ["events", "title", "status_resolved", "labels", "annotations"]

    /// - Throws: `ResourceError.invalid`, each fault with its member named: `mapping.title`.
    package init(_ json: JSONObject) throws(ResourceError) {
        var errors: [FieldError] = []
        func value(_ name: String, _ json: JSONValue) -> MappedValue? {
            guard let text = json.string else {
                errors.append(
                    FieldError("mapping.\(name)", "must be a path such as $.name, or a constant such as =text")
                )
                return nil
            }
            do throws(JSONPathFault) {
                return try MappedValue(text)
            } catch {
                errors.append(FieldError("mapping.\(name)", error.message))
                return nil
            }
        }
        for name in json.keys where !Self.single.contains(name) && !Self.others.contains(name) {
            errors.append(FieldError("mapping.\(name)", "is not known here"))
        }
        for name in Self.single {
            if let given = json[name], !given.isNull { values[name] = value(name, given) }
        }
        var title: MappedValue?
        if let given = json["title"], !given.isNull {
            title = value("title", given)
        } else {
            errors.append(FieldError("mapping.title", "is required"))
        }
        if let given = json["events"], !given.isNull {
            switch value("events", given) {
            case .path(let path)?: events = path
            case .constant?: errors.append(FieldError("mapping.events", "must be a path, not a constant"))
            case nil: break
            }
        }
        func mappedLabels(_ name: String) -> MappedLabels? {
            switch json[name] {
            case nil, .null?: return nil
            case .object(let object)?:
                if object.count > TextLimits.labels {
                    errors.append(FieldError("mapping.\(name)", "must not name more than \(TextLimits.labels)"))
                    return nil
                }
                var named: [String: MappedValue] = [:]
                for (label, given) in object {
                    if label.isBlank { errors.append(FieldError("mapping.\(name)", "has an empty name")) }
                    named[label] = value("\(name).\(label)", given)
                }
                return .named(named)
            case .some(let given):
                switch value(name, given) {
                case .path(let path)?: return .whole(path)
                case .constant?:
                    errors.append(FieldError("mapping.\(name)", "must be a path or an object of names and paths"))
                    return nil
                case nil: return nil
                }
            }
        }
        labels = mappedLabels("labels")
        annotations = mappedLabels("annotations")
        resolvedWords = StatusWords.over
        if let given = json["status_resolved"], !given.isNull {
            let words = (given.array ?? []).compactMap(\.string).filter { !$0.isEmpty }
            if words.isEmpty || words.count != given.array?.count || words.count > 100 {
                errors.append(FieldError("mapping.status_resolved", "must be an array of 1 to 100 words"))
            } else if values["status"] == nil, json["status"] == nil {
                errors.append(FieldError("mapping.status_resolved", "means nothing without status"))
            }
            resolvedWords = Set(words.map { $0.lowercased() })
        }
        guard errors.isEmpty, let title else { throw .invalid(Array(errors.prefix(50))) }
        self.title = title
    }
}
