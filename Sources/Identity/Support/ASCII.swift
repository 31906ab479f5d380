// Small helpers for texts that come in headers and forms.

extension String {
    /// Without blanks, tabs and line ends at either end.
    var trimmedASCII: String {
        func isBlank(_ byte: UInt8) -> Bool {
            byte == 0x20 || (0x09...0x0D).contains(byte)
        }
        let bytes = utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }) else { return "" }
        var end = bytes.endIndex
        while end > first, isBlank(bytes[bytes.index(before: end)]) {
            end = bytes.index(before: end)
        }
        return String(self[first..<end])
    }
}
