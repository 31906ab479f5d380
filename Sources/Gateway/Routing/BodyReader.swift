// Reads the members of small JSON bodies and collects everything that is wrong with them.

import JSON
import Resources

/// For routes that are no resource: each getter notes its fault, `finish` throws them all at once.
struct BodyReader {
    private let body: JSONObject
    private var errors: [FieldError]

    init(_ body: JSONObject, known: [String]) {
        self.body = body
        errors = body.keys.filter { !known.contains($0) }.map { FieldError($0, "is not known") }
    }

    mutating func text(_ name: String) -> String? {
        switch body[name] {
        case nil, .null: return nil
        case .string(let text): return text
        case .some(let other):
            errors.append(FieldError(name, "must be a string, not \(other.typeName)"))
            return nil
        }
    }

    mutating func requiredText(_ name: String) -> String {
        let before = errors.count
        if let text = text(name), !text.isEmpty { return text }
        if errors.count == before { errors.append(FieldError(name, "is required")) }
        return ""
    }

    /// ISO 8601 or epoch; epoch milliseconds out.
    mutating func time(_ name: String) -> Int64? {
        guard let value = body[name], value != .null else { return nil }
        do {
            return try Timestamp(json: value).milliseconds
        } catch {
            errors.append(FieldError(name, "must be a time: ISO 8601 text, or epoch seconds or milliseconds"))
            return nil
        }
    }

    func finish() throws(ResourceError) {
        if !errors.isEmpty { throw .invalid(errors) }
    }
}

/// `page`, `page_size` and a few parameters by name; others are refused (DESIGN.md section 3).
struct PageQuery {
    let page: Int
    let pageSize: Int
    private var values: [String: String] = [:]

    init(_ query: [(String, String)], known: [String]) throws(ResourceError) {
        var errors: [FieldError] = []
        var page = 1
        var pageSize = 20
        for (name, value) in query {
            switch name {
            case "page":
                if let number = Int(value), (1...1_000_000).contains(number) {
                    page = number
                } else {
                    errors.append(FieldError(name, "must be a whole number from 1"))
                }
            case "page_size":
                if let number = Int(value), (1...1000).contains(number) {
                    pageSize = number
                } else {
                    errors.append(FieldError(name, "must be a whole number from 1 to 1000"))
                }
            case _ where known.contains(name): values[name] = value
            default: errors.append(FieldError(name, "is not a query parameter here"))
            }
        }
        if !errors.isEmpty { throw .invalid(errors) }
        self.page = page
        self.pageSize = pageSize
    }

    subscript(name: String) -> String? { values[name] }
}
