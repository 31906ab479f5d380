// One member of a channel's configuration: its name, its type, its rules.

import HTTPTransport
import Identity
import JSON
import Resources

/// A member. Names are the seed's (section 2.1.2) where it has one.
struct ConfigMember: Sendable {
    enum Kind: Sendable {
        /// Text of one line.
        case line(Int)
        /// Text of several lines.
        case text(Int)
        case integer(ClosedRange<Int64>)
        /// An integer, or its digits as a text.
        case number(ClosedRange<Int64>)
        case boolean
        case choice([String])
        case host
        case mailAddress
        case file
        /// A URL that readers see; one with a query is sealed, and shown without it.
        case url
        /// A URL that is a credential as a whole.
        case secretURL
        case secret(Int)
        case lines(count: Int, length: Int)
        /// Names and values of HTTP header fields; the values are sealed.
        case headers
    }

    let name: String
    let kind: Kind
    /// Other names for it, from the system that the seed describes.
    var aliases: [String] = []
    var isRequired = false
    /// Assumed when it is not given; not stored.
    var assumed: JSONValue?
    /// A secret goes where this says: when it changes, the secret must be entered again.
    var decidesDestination = false
    var description = ""

    /// Whether some of it is sealed.
    var holdsSecret: Bool {
        switch kind {
        case .secret, .secretURL, .headers, .url: true
        default: false
        }
    }
}

/// Why a member's value cannot be; reads on from the member's name.
struct ConfigFault: Error, Sendable {
    var message: String

    init(_ message: String) {
        self.message = message
    }
}

extension ConfigMember {
    /// The value as it is kept when nothing in it is secret.
    func plain(_ value: JSONValue) throws(ConfigFault) -> JSONValue {
        switch kind {
        case .line(let limit):
            return .string(try text(value, limit, lines: false))
        case .text(let limit):
            return .string(try text(value, limit, lines: true))
        case .integer(let range):
            guard case .number(let number) = value, let integer = number.int, range.contains(integer) else {
                throw ConfigFault("must be an integer from \(range.lowerBound) to \(range.upperBound)")
            }
            return .integer(integer)
        case .number(let range):
            let integer = value.string.flatMap { Int64($0) } ?? value.number?.int
            guard let integer, range.contains(integer) else {
                throw ConfigFault("must be an integer from \(range.lowerBound) to \(range.upperBound)")
            }
            return .integer(integer)
        case .boolean:
            guard case .bool = value else { throw ConfigFault("must be true or false") }
            return value
        case .choice(let choices):
            guard let word = value.string, choices.contains(word) else {
                throw ConfigFault("must be one of \(choices.joined(separator: ", "))")
            }
            return value
        case .host:
            let host = try text(value, 253, lines: false)
            guard HostName.isPlain(host) else { throw ConfigFault("must be the name or address of a machine") }
            if LinkLocal.isLiteral(host) { throw Self.linkLocal }
            return .string(host)
        case .mailAddress:
            let address = try text(value, 254, lines: false)
            if let problem = MailAddressRule.problem(address) { throw ConfigFault(problem) }
            return .string(address)
        case .file:
            let path = try text(value, 1_000, lines: false)
            guard path.hasPrefix("/") else { throw ConfigFault("must be an absolute path") }
            return .string(path)
        case .lines(let count, let length):
            guard case .array(let elements) = value else { throw ConfigFault("must be a list of texts") }
            guard elements.count <= count else { throw ConfigFault("must not have more than \(count) elements") }
            var lines: [JSONValue] = []
            for element in elements { lines.append(.string(try text(element, length, lines: false))) }
            return .array(lines)
        case .url, .secretURL:
            return .string(try address(value).text)
        case .secret(let limit):
            return .string(try text(value, limit, lines: false))
        case .headers:
            throw ConfigFault("must be read header by header")
        }
    }

    func address(_ value: JSONValue) throws(ConfigFault) -> WebAddress {
        guard let text = value.string else { throw ConfigFault("must be a URL") }
        let address: WebAddress
        do throws(WebAddress.Fault) {
            address = try WebAddress(text)
        } catch {
            throw ConfigFault(error.message)
        }
        if LinkLocal.isLiteral(address.host) { throw Self.linkLocal }
        return address
    }

    /// There are only machines of the same link, and in clouds the service that hands out credentials.
    private static let linkLocal = ConfigFault("must not be a link-local address")

    private func text(_ value: JSONValue, _ limit: Int, lines: Bool) throws(ConfigFault) -> String {
        guard let text = value.string else { throw ConfigFault("must be a text") }
        guard !text.isEmpty else { throw ConfigFault("must not be empty") }
        guard text.utf8.count <= limit else { throw ConfigFault("must have at most \(limit) bytes") }
        for scalar in text.unicodeScalars where scalar.properties.generalCategory == .control {
            if lines, scalar == "\n" || scalar == "\r" || scalar == "\t" { continue }
            throw ConfigFault("must not contain control characters")
        }
        return text
    }

    /// Its JSON Schema, as far as that says more than the name.
    var schema: JSONValue {
        var schema: JSONObject =
            switch kind {
            case .line, .text, .host, .mailAddress, .file: ["type": "string"]
            case .integer(let range), .number(let range):
                ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
            case .boolean: ["type": "boolean"]
            case .choice(let choices): ["type": "string", "enum": .array(choices.map { .string($0) })]
            case .url: ["type": "string", "format": "uri"]
            case .secretURL, .secret: ["type": "string", "format": "password"]
            case .lines: ["type": "array", "items": ["type": "string"]]
            case .headers: ["type": "object", "additionalProperties": ["type": "string", "format": "password"]]
            }
        if let assumed { schema["default"] = assumed }
        if !description.isEmpty { schema["description"] = .string(description) }
        return .object(schema)
    }
}
