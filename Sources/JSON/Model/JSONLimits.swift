// How much of a text we are willing to read.

/// Bounds on what is parsed. Both are checked while reading, before anything in proportion to the excess is done.
package struct JSONLimits: Sendable, Hashable {
    /// Arrays and objects inside one another, at most; `[]` is one deep. Values above 1,000 count as 1,000, because
    /// materialised values are walked recursively.
    package var depth: Int
    /// Length of the text in bytes, at most. Whatever is asked for, texts of 4 GiB and more are refused.
    package var bytes: Int

    package init(depth: Int = 128, bytes: Int = .max) {
        self.depth = depth
        self.bytes = bytes
    }

    /// 128 deep, of any length.
    package static let standard = JSONLimits()
}
