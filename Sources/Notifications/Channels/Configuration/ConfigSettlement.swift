// From a configuration as sent to one as stored: every member checked, secrets sealed or kept.

import Identity
import JSON
import Resources

/// Settles one configuration.
struct ConfigSettlement {
    let type: ChannelType
    /// What is stored; nil when there is nothing, or when it belongs to another type.
    let stored: JSONObject?
    /// Seals one secret.
    let seal: (String) throws -> String

    private var errors: [FieldError] = []
    /// Names of members that keep the secret they had.
    private var kept: [String] = []

    init(type: ChannelType, stored: JSONObject?, seal: @escaping (String) throws -> String) {
        self.type = type
        self.stored = stored
        self.seal = seal
    }

    /// - Throws: `ResourceError.invalid` with every fault, each with its member: `config.smtp_port`.
    mutating func settled(_ given: JSONObject) throws -> JSONObject {
        let shape = type.shape
        let named = canonical(given, shape)
        // What it comes to with its secrets as far as they are known here, to check the members against each other.
        var known = JSONObject()
        var result = JSONObject()
        for member in shape.members {
            guard let value = named[member.name] else {
                if member.isRequired { fail(member.name, "is required") }
                continue
            }
            do throws(ConfigFault) {
                let pending = try settle(member, value)
                known[member.name] = pending.known
                result[member.name] = pending.stored
            } catch {
                fail(member.name, error.message)
            }
        }
        if errors.isEmpty {
            for problem in shape.problems(known) { fail(problem.member, problem.message) }
            checkDestination(shape, result)
        }
        guard errors.isEmpty else { throw ResourceError.invalid(errors) }
        return JSONObject(try result.map { ($0.key, try sealingMarks(in: $0.value)) })
    }

    private struct Pending {
        /// As entered; the mask where a secret is kept.
        var known: JSONValue
        /// As stored, with marks where secrets are still to be sealed.
        var stored: JSONValue
    }

    /// The members under their own names; nulls are left out.
    private mutating func canonical(_ given: JSONObject, _ shape: ConfigShape) -> JSONObject {
        var named = JSONObject()
        for (name, value) in given {
            guard let member = shape.member(name) else {
                fail(name, "is not a member of the configuration of \(type.rawValue)")
                continue
            }
            if value.isNull { continue }
            if named[member.name] != nil {
                fail(name, "says the same as \(member.name), which is given too")
            } else {
                named[member.name] = value
            }
        }
        return named
    }

    private mutating func settle(_ member: ConfigMember, _ value: JSONValue) throws(ConfigFault) -> Pending {
        let before = stored?[member.name]
        switch member.kind {
        case .headers:
            return try headers(member, value, before)
        case .secret, .secretURL:
            if let pending = try keeping(value, before, member.name) { return pending }
            let clear = try member.plain(value)
            return Pending(known: clear, stored: mark(clear, shown: SealedMember.mask))
        case .url:
            if let pending = try keeping(value, before, member.name) { return pending }
            let address = try member.address(value)
            let clear = JSONValue.string(address.text)
            return Pending(
                known: clear,
                stored: address.query == nil ? clear : mark(clear, shown: address.shown)
            )
        default:
            let clear = try member.plain(value)
            return Pending(known: clear, stored: clear)
        }
    }

    /// The stored secret, if the text that was sent stands for it.
    private mutating func keeping(
        _ value: JSONValue,
        _ before: JSONValue?,
        _ name: String
    ) throws(ConfigFault) -> Pending? {
        guard let text = value.string else { return nil }
        if let before, let member = SealedMember(before), member.isMeant(by: text) {
            kept.append(name)
            return Pending(known: value, stored: before)
        }
        guard !text.hasSuffix(SealedMember.mask) else {
            throw ConfigFault("is masked, and there is no stored value that it could stand for")
        }
        return nil
    }

    private mutating func headers(
        _ member: ConfigMember,
        _ value: JSONValue,
        _ before: JSONValue?
    ) throws(ConfigFault) -> Pending {
        guard case .object(let given) = value else { throw ConfigFault("must be an object of names and values") }
        guard given.count <= 30 else { throw ConfigFault("must not have more than 30 members") }
        var known = JSONObject()
        var stored = JSONObject()
        for (name, value) in given {
            if let problem = HeaderRules.problem(name: name) { throw ConfigFault("has a name that \(problem)") }
            if let pending = try keeping(value, before?[name], member.name) {
                known[name] = pending.known
                stored[name] = pending.stored
                continue
            }
            guard let text = value.string, HeaderRules.isValue(text) else {
                throw ConfigFault("has at \(name) no text of one line with at most 2000 bytes")
            }
            known[name] = value
            stored[name] = mark(value, shown: SealedMember.mask)
        }
        return Pending(known: .object(known), stored: .object(stored))
    }

    /// A kept secret must not go where it was not meant to go.
    private mutating func checkDestination(_ shape: ConfigShape, _ result: JSONObject) {
        guard let stored, !kept.isEmpty else { return }
        let changed = shape.members.filter { member in
            member.decidesDestination
                && (result[member.name] ?? member.assumed) != (stored[member.name] ?? member.assumed)
        }
        guard let first = changed.first else { return }
        var seen: Set<String> = []
        for name in kept where seen.insert(name).inserted {
            fail(name, "must be entered again: \(first.name) has changed, and the stored secret would go elsewhere")
        }
    }

    private mutating func fail(_ member: String, _ message: String) {
        errors.append(FieldError("config.\(member)", message))
    }

    /// A secret that is sealed only when everything else is right. The text stands in `shown`'s partner until then.
    private func mark(_ clear: JSONValue, shown: String) -> JSONValue {
        SealedMember(sealed: Self.unsealed + (clear.string ?? ""), shown: shown).json
    }

    /// No sealed text begins so.
    private static let unsealed = "\u{0}"

    private func sealingMarks(in value: JSONValue) throws -> JSONValue {
        try value.replacingSealed { member in
            guard member.sealed.hasPrefix(Self.unsealed) else { return member.json }
            return SealedMember(sealed: try seal(String(member.sealed.dropFirst())), shown: member.shown).json
        }
    }
}

/// Names and values of header fields that people may set.
enum HeaderRules {
    /// What the transport and this program set themselves.
    private static let reserved = [
        "host", "content-length", "transfer-encoding", "connection", "expect", "idempotency-key",
        WebhookSender.signatureHeader.lowercased(), WebhookSender.timestampHeader.lowercased(),
    ]

    /// What is wrong with the name, reading on from "a name that".
    static func problem(name: String) -> String? {
        guard (1...200).contains(name.utf8.count), name.utf8.allSatisfy(isToken) else {
            return "is no name of an HTTP header"
        }
        return reserved.contains(name.lowercased()) ? "is set by the program: \(name)" : nil
    }

    static func isValue(_ text: String) -> Bool {
        text.utf8.count <= 2_000 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// `tchar` of RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
