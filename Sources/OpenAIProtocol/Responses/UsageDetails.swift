// What an upstream says of its usage beyond the counts that the gateway keeps.

package import JSON

/// Raw members of a `usage` object, comma-joined, for a caller who addresses the upstream: `audio_tokens`,
/// `accepted_prediction_tokens`, a vendor's `cost`. The gateway itself does nothing with them.
package struct UsageDetails: Sendable, Hashable {
    /// Beside the counts.
    private(set) var members: [UInt8] = []
    /// In `prompt_tokens_details`.
    private(set) var prompt: [UInt8] = []
    /// In `completion_tokens_details`.
    private(set) var completion: [UInt8] = []

    package init() {}

    /// Nil when there is nothing that `Usage` does not have.
    package init?(_ view: JSONView) {
        guard view.kind == .object else { return nil }
        for member in view.members {
            if Self.counts.contains(where: member.keyEquals) { continue }
            if member.keyEquals("prompt_tokens_details") {
                prompt = Self.others(member.value, besides: ["cached_tokens", "cache_write_tokens"])
            } else if member.keyEquals("completion_tokens_details") {
                completion = Self.others(member.value, besides: ["reasoning_tokens"])
            } else {
                Self.append(member, to: &members)
            }
        }
        if members.isEmpty, prompt.isEmpty, completion.isEmpty { return nil }
    }

    private static let counts = ["prompt_tokens", "completion_tokens", "total_tokens"]
    private static let mostBytes = 4 << 10

    private static func others(_ view: JSONView, besides known: [String]) -> [UInt8] {
        guard view.kind == .object else { return [] }
        var bytes: [UInt8] = []
        for member in view.members where !known.contains(where: member.keyEquals) { append(member, to: &bytes) }
        return bytes
    }

    private static func append(_ member: JSONMember, to bytes: inout [UInt8]) {
        let (key, value) = (member.keyView, member.value)
        guard !value.isNull, bytes.count + key.range.count + value.range.count + 2 <= mostBytes else { return }
        if !bytes.isEmpty { bytes.append(0x2C) }
        bytes += key.rawBytes
        bytes.append(0x3A)
        bytes += ServerSentEvents.oneLine(value.rawBytes)
    }
}
