// The one error of the test support: a sentence that says what went wrong.

/// A failure of set-up or of a wait. Its text is meant to be read in a test's output.
package struct SupportError: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
