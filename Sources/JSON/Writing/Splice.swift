// Changes parts of a text and leaves every other byte as it came.

/// Replaces ranges of bytes. An empty range inserts, an empty replacement deletes.
///
/// - Parameter edits: sorted by range, inside the bytes, not overlapping; anything else is a mistake of the caller and
///   stops the program, as an index out of bounds does. Several insertions at one place keep their order.
package func splice(_ bytes: [UInt8], _ edits: [(range: Range<Int>, replacement: [UInt8])]) -> [UInt8] {
    guard !edits.isEmpty else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(edits.reduce(bytes.count) { $0 + $1.replacement.count - $1.range.count })
    var copied = 0
    for edit in edits {
        result.append(contentsOf: bytes[copied..<edit.range.lowerBound])
        result.append(contentsOf: edit.replacement)
        copied = edit.range.upperBound
    }
    result.append(contentsOf: bytes[copied...])
    return result
}
