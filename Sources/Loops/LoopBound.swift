// A way for values of one loop through places that any thread may hold.

/// Something that only its loop's thread may touch, to be carried by whoever sends a job there.
///
/// Unchecked because the compiler cannot know threads: every access asks whether it is made on the loop's own.
package struct LoopBound<Value>: @unchecked Sendable {
    private let bound: Value
    private let loop: EventLoop

    /// To be made on the loop's thread.
    package init(_ value: Value, to loop: EventLoop) {
        precondition(loop.isCurrent)
        bound = value
        self.loop = loop
    }

    package var value: Value {
        precondition(loop.isCurrent)
        return bound
    }
}
