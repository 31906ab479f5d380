// Finds the end of a head that comes in pieces, looking at each byte once.

/// Looks for the empty line.
struct HeadScanner {
    /// Bytes that have been looked at.
    private var scanned = 0
    /// Where the line begins that is being read.
    private var line = 0

    /// - Parameter bytes: all of the head that has come; the same ones as before, and more.
    /// - Returns: how long the head is with its empty line; nil when more must come.
    /// - Throws: as soon as it is seen that this will be no head.
    mutating func end(in bytes: UnsafeRawBufferPointer) throws(ParseFault) -> Int? {
        while let end = bytes.index(of: ASCII.lineFeed, from: scanned) {
            guard end > line, bytes[end - 1] == ASCII.carriageReturn else { throw .malformed }
            scanned = end + 1
            if end - 1 == line {
                guard end + 1 <= HeadLimits.bytes else { throw .headersTooLarge }
                return end + 1
            }
            line = end + 1
            guard line <= HeadLimits.bytes else { throw .headersTooLarge }
        }
        scanned = bytes.count
        guard scanned <= HeadLimits.bytes else { throw .headersTooLarge }
        return nil
    }
}
