// Members of a request that OpenAI's document does not have: parameters of vendors who speak the same protocol.

/// What a request says in the words of one vendor (`top_k`, `enable_thinking`, `provider`), kept as it came for an upstream
/// that may know them. Bounded: a body may have a million members.
package struct VendorMembers: Sendable {
    static let most = 32
    static let mostBytes = 64 << 10

    package private(set) var members: [ChatRequest.Parameter] = []
    private var bytes = 0

    /// - Returns: whether it is kept; of two of one name the last is.
    mutating func take(_ name: String, _ json: ArraySlice<UInt8>) -> Bool {
        guard Self.isName(name), ChatParameters.table[name.lowercased()] == nil, !Self.ofClients.contains(name) else {
            return false
        }
        if let index = members.firstIndex(where: { $0.name == name }) {
            bytes -= members.remove(at: index).json.count
        }
        guard members.count < Self.most, bytes + json.count <= Self.mostBytes else { return false }
        bytes += json.count
        members.append(ChatRequest.Parameter(name: name, json: Array(json)))
        return true
    }

    /// Whether a member of this name may be added to requests by configuration: not what the gateway itself says in them.
    package static func mayBeConfigured(_ name: String) -> Bool {
        guard isName(name) else { return false }
        guard let entry = ChatParameters.table[name.lowercased()] else { return true }
        if case .passed = entry.handling { return name == name.lowercased() }
        return false
    }

    /// Names that mean the same to every reader: some servers compare them without regard to case, some by Unicode's
    /// folding, and `Model` must not be read as `model`.
    private static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39)
                    || [0x2D, 0x2E, 0x5F].contains($0)
            }
    }

    /// What Lobe Chat leaves of its own in requests (`clients.md` 1.2); OpenAI would refuse it.
    private static let ofClients: Set<String> = [
        "enabledSearch", "thinkingBudget", "urlContext", "enabledContextCaching", "apiMode",
    ]
}
