// Members of chunks that the gateway does not read and passes on: fingerprints, tiers, `citations`, vendors' own.

import JSON

/// The members that the chunks of one stream have had, each with its latest value. Bounded.
struct ChunkMembers: Sendable {
    private struct Member {
        var name: String
        var value: [UInt8]
    }

    private var members: [Member] = []
    private var bytes = 0
    private static let most = 16
    private static let mostBytes = 64 << 10

    /// - Returns: whether it says something new. What is null or empty says nothing.
    mutating func take(_ member: JSONMember, _ document: JSONDocument) -> Bool {
        let value = document.bytes[member.value.range]
        guard !member.value.isNull, value.count > 2 || member.value.kind == .number else { return false }
        let index = members.firstIndex { member.keyEquals($0.name) }
        if let index, members[index].value.elementsEqual(value) { return false }
        let freed = index.map { members[$0].value.count } ?? 0
        guard bytes - freed + value.count <= Self.mostBytes, index != nil || members.count < Self.most else {
            return false
        }
        bytes += value.count - freed
        if let index {
            members[index].value = Array(value)
        } else {
            members.append(Member(name: member.key, value: Array(value)))
        }
        return true
    }

    /// All, comma-joined.
    var joined: [UInt8] {
        var writer = JSONWriter(capacity: bytes + 32 * members.count)
        for member in members {
            writer.key(member.name)
            writer.raw(member.value)
        }
        return writer.bytes
    }
}
