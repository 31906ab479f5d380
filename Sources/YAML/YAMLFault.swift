// What is wrong with a YAML file, and where.

/// A fault in a file that a person wrote, told the way compilers do: `file:line: reason`.
package struct YAMLFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 when the fault is the whole file's.
    package let line: Int
    package let reason: String

    package init(file: String, line: Int, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    package var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}
