// Changing a dictionary's value where it lies.

extension Dictionary {
    /// Changes the value of a key in place. A subscript does too, but by way of a coroutine, whose memory costs more than most
    /// changes that every request makes.
    ///
    /// - Parameter initial: the value to begin with where there is none.
    @inlinable
    package mutating func change<Result>(
        _ key: Key,
        default initial: @autoclosure () -> Value,
        _ body: (inout Value) -> Result
    ) -> Result {
        if let index = index(forKey: key) { return body(&values[index]) }
        var value = initial()
        defer { self[key] = value }
        return body(&value)
    }
}
