// The calls of a conversation that wait for their results.

/// Calls by their ids. Results may come in any order and there may be a hundred thousand of them, so that none may cost
/// a look at all. An id may come again once it is answered: some servers count from `call_0` in each answer.
struct OpenCalls: Sendable {
    /// How many calls there have been.
    private var count = 0
    /// Those without a result, by when they came.
    private var open: [String: Int] = [:]

    /// - Returns: whether no call of this id waits for its result.
    mutating func add(_ id: String) -> Bool {
        guard open[id] == nil else { return false }
        open[id] = count
        count += 1
        return true
    }

    /// - Returns: whether there is a call of this id without a result.
    mutating func answer(_ id: String) -> Bool { open.removeValue(forKey: id) != nil }

    var isEmpty: Bool { open.isEmpty }

    /// The first calls without a result. Looks at all of them: for errors.
    func first(_ count: Int) -> [String] { open.sorted { $0.value < $1.value }.prefix(count).map(\.key) }
}
