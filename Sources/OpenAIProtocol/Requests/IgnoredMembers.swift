// The members of a request that have no effect, as all surfaces collect them.

package import JSON

/// Names, each once, in the order they came. A body may have a million unknown members, so looking for a name must not
/// mean reading the list, and no more are kept than are shown.
package struct IgnoredMembers: Sendable {
    /// As many as the header shows, and one that says there are more.
    package static let most = 21

    package private(set) var names: [String] = []
    private var seen: Set<String> = []

    package init() {}

    package mutating func insert(_ name: String) {
        guard names.count < Self.most, seen.insert(name).inserted else { return }
        names.append(name)
    }

    package mutating func insert(_ others: IgnoredMembers) {
        for name in others.names { insert(name) }
    }

    /// The members of an object that nobody knows; `null` is how several SDKs say "not given".
    package mutating func insert(membersOf view: JSONView, besides known: Set<String>) {
        for member in view.members {
            guard names.count < Self.most else { return }
            if !known.contains(member.key), !member.value.isNull { insert(member.key) }
        }
    }
}
