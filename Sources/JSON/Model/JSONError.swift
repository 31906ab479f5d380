// Why a text is not JSON, where, and in which member.

/// A text that is not JSON or exceeds the limits. The message is meant for the person who sent the text.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence, e.g. `Expected a value but found '}'.` Never quotes more than one character of the text.
    package var message: String
    /// The member in which the fault lies: `messages[2].content`; `""` is the root. Odd keys stand as `["a b"]`.
    package var path: String
    /// The byte at which reading stopped, counted from 0. The length of the text when it ended too early.
    package var offset: Int

    package init(message: String, path: String = "", offset: Int = 0) {
        self.message = message
        self.path = path
        self.offset = offset
    }

    /// The message with its place: `Expected a value but found '}'. (at messages[2].content, byte 117)`.
    package var description: String {
        path.isEmpty ? "\(message) (byte \(offset))" : "\(message) (at \(path), byte \(offset))"
    }
}
