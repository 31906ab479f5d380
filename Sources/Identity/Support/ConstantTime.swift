// Comparing secret bytes without telling by the time taken how much of them was right.

/// Comparison whose time depends on the lengths only.
enum ConstantTime {
    /// Whether both are the same bytes. Unequal lengths are told at once: the length of a secret is no secret.
    @inline(never)
    static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        for index in one.indices {
            difference |= one[index] ^ other[index]
        }
        return difference == 0
    }
}
