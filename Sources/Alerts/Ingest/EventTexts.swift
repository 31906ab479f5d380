// What texts from senders need before they are taken: blanks, dates with dots, lists of tags.

import JSON

extension String {
    /// Nothing but white space.
    var isBlank: Bool {
        !utf8.contains { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    }

    /// `2025.10.21 …` and `2025/10/21 …`, as Zabbix and others write days, with hyphens; other texts as they are.
    var withISODate: String {
        let bytes = Array(utf8.prefix(10))
        guard bytes.count == 10, bytes[4] == bytes[7] else { return self }
        guard bytes[4] == UInt8(ascii: ".") || bytes[4] == UInt8(ascii: "/") else { return self }
        for place in [0, 1, 2, 3, 5, 6, 8, 9] where !(48...57).contains(bytes[place]) { return self }
        let day = String(decoding: bytes, as: UTF8.self).map { $0 == "." || $0 == "/" ? "-" : $0 }
        return String(day) + String(decoding: utf8.dropFirst(10), as: UTF8.self)
    }
}

extension EventFields {
    /// Labels out of whatever senders call tags:
    /// - an object: its members;
    /// - an array of objects: the member `tag`, `name` or `key` of each, with its `value`;
    /// - an array of texts, or one text with commas: `name:value` or `name=value` each.
    ///
    /// Values of one name given twice are joined with a comma, as in Zabbix, where a tag may occur more than once.
    /// - Returns: ordered by name; bounded by the caller.
    static func labels(of view: JSONView) -> [Label] {
        switch view.kind {
        case .object:
            return view.members.compactMap { member in
                text(member.value).map { Label(member.key.storable, $0) }
            }.normalised
        case .array:
            var labels: [Label] = []
            // No more are kept anyway.
            for element in view.elements.prefix(1_000) {
                if element.kind == .object {
                    let name = text(element["tag"] ?? element["name"] ?? element["key"], limit: TextLimits.labelName)
                    guard let name else { continue }
                    labels.append(Label(name, element["value"].flatMap { text($0) } ?? ""))
                } else if let one = text(element, limit: TextLimits.labelValue), let label = label(one[...]) {
                    labels.append(label)
                }
            }
            return joined(labels)
        case .string:
            let text = (view.string ?? "").storable.cut(to: TextLimits.raw)
            // A macro that expands to JSON inside a text.
            if text.first == "[" || text.first == "{", let inner = try? JSONDocument(parsing: text) {
                return labels(of: inner.root)
            }
            return joined(text.split(separator: ",").prefix(1_000).compactMap(label))
        default:
            return []
        }
    }

    private static func label(_ text: Substring) -> Label? {
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { return nil }
        guard let split = trimmed.utf8.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }) else {
            return Label(String(trimmed), "")
        }
        let name = trimmed[..<split].trimmed
        guard !name.isEmpty else { return nil }
        return Label(String(name), String(trimmed[trimmed.utf8.index(after: split)...].trimmed))
    }

    private static func joined(_ labels: [Label]) -> [Label] {
        var values: [String: [String]] = [:]
        for label in labels { values[label.name, default: []].append(label.value) }
        return values.map { Label($0, $1.joined(separator: ",")) }.sorted { $0.name < $1.name }
    }
}

extension Substring {
    /// Without blanks at its ends.
    var trimmed: Substring {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
