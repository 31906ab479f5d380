// An object taken out of a document or made by hand: members in order, found by name.

/// Members in the order they were added. Names are compared code point by code point, as RFC 8259 (section 8.3) asks;
/// two objects are equal when they have the same members in whatever order.
package struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral, Sequence {
    /// Each name occurs once.
    package private(set) var members: [(key: String, value: JSONValue)] = []
    /// Where the names are; kept only beyond `indexed` members, so that large objects cost no quadratic time.
    private var positions: [ExactKey: Int] = [:]
    private static let indexed = 16

    package init() {}

    /// Of members with one name the last value is kept, at the place of the first.
    package init(_ members: some Sequence<(key: String, value: JSONValue)>) {
        for member in members { self[member.key] = member.value }
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    package var count: Int { members.count }

    package var isEmpty: Bool { members.isEmpty }

    /// The names in order.
    package var keys: [String] { members.map(\.key) }

    /// The values in order.
    package var values: [JSONValue] { members.map(\.value) }

    package func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> { members.makeIterator() }

    /// The value of a member. Setting replaces it in its place or adds it at the end; setting `nil` removes it
    /// (`.null` is a value).
    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            guard let newValue else {
                removeValue(forKey: key)
                return
            }
            if let position = position(of: key) {
                members[position].value = newValue
            } else {
                members.append((key, newValue))
                if members.count == Self.indexed + 1 {
                    index()
                } else if members.count > Self.indexed {
                    positions[ExactKey(key)] = members.count - 1
                }
            }
        }
    }

    /// Removes a member; returns its value if there was one.
    @discardableResult
    package mutating func removeValue(forKey key: String) -> JSONValue? {
        guard let position = position(of: key) else { return nil }
        let value = members.remove(at: position).value
        positions.removeAll()
        if members.count > Self.indexed { index() }
        return value
    }

    private mutating func index() {
        positions.reserveCapacity(members.count * 2)
        for (position, member) in members.enumerated() { positions[ExactKey(member.key)] = position }
    }

    private func position(of key: String) -> Int? {
        if members.count > Self.indexed { return positions[ExactKey(key)] }
        return members.firstIndex { ExactKey.equal($0.key, key) }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        for (index, member) in left.members.enumerated() {
            let other = right.members[index]
            let value = ExactKey.equal(other.key, member.key) ? other.value : right[member.key]
            guard value == member.value else { return false }
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        // Order must not count: the members' hashes are added up.
        var sum = 0
        for member in members {
            var one = Hasher()
            one.combine(ExactKey(member.key))
            one.combine(member.value)
            sum &+= one.finalize()
        }
        hasher.combine(count)
        hasher.combine(sum)
    }
}

/// A name compared by its bytes. `String` would take composed and decomposed letters for the same.
struct ExactKey: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactKey, right: ExactKey) -> Bool { equal(left.text, right.text) }

    static func equal(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
    }

    func hash(into hasher: inout Hasher) {
        text.utf8.span.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
