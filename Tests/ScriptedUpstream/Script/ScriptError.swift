// What is wrong with a flag or a script, in words for the author of the test.

/// A fault in what the tester wrote; the text names the member.
struct ScriptError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}
