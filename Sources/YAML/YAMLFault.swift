// What is wrong with a YAML file, and where.

/// A fault in a file that a person wrote, told the way compilers do: `file:line: reason`.
package struct YAMLFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 when the fault is the whole file's.
    package let line: Int
    package let reason: String
    /// The member that it is about, as a path: `limits.rounds`; empty when it is about the whole.
    package let place: String

    package init(file: String, line: Int, reason: String, place: String = "") {
        self.file = file
        self.line = line
        self.reason = reason
        self.place = place
    }

    package var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}
