// A text that must never be shown: passwords, API secrets, tokens.

/// A text that cannot be printed by accident.
///
/// Interpolation, `print`, `dump`, reflection and logs all show `***`. It is neither `Codable` nor `Hashable`, so it
/// cannot slip into JSON or a dictionary key; whoever really needs the text calls ``reveal()``, which is easy to search
/// for in a review.
package struct Secret: Sendable {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The text itself. Call it only where the text leaves for the person it was made for, or is hashed.
    package func reveal() -> String {
        text
    }

    /// Whether there is any text at all.
    package var isEmpty: Bool {
        text.isEmpty
    }

    /// Whether both hold the same text; the time depends on the length only, not on where they differ.
    package func matches(_ other: Secret) -> Bool {
        ConstantTime.equal(Array(text.utf8), Array(other.text.utf8))
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
