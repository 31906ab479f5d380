// The calls of a conversation that wait for their results.

/// Calls by their ids. Results may come in any order and there may be a hundred thousand of them, so that none may cost
/// a look at all.
struct OpenCalls: Sendable {
    /// All calls, in order.
    private var ids: [String] = []
    private var seen: Set<String> = []
    private var open: Set<String> = []

    /// - Returns: whether there has been no call of this id before.
    mutating func add(_ id: String) -> Bool {
        guard seen.insert(id).inserted else { return false }
        ids.append(id)
        open.insert(id)
        return true
    }

    /// - Returns: whether there is a call of this id without a result.
    mutating func answer(_ id: String) -> Bool { open.remove(id) != nil }

    var isEmpty: Bool { open.isEmpty }

    /// The first calls without a result. Looks at all of them: for errors.
    func first(_ count: Int) -> [String] { Array(ids.lazy.filter { open.contains($0) }.prefix(count)) }
}
