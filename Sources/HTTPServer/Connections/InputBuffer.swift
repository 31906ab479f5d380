// What has come and could not be read yet.

/// Bytes in order, taken from the front.
struct InputBuffer {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        // Nothing is moved until half of it has been taken.
        if start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
    }

    /// Hands all of it to `body`, which says how much it has taken. Nothing may be appended meanwhile.
    mutating func take(_ body: (UnsafeRawBufferPointer) -> Int) {
        guard count > 0 else { return }
        start += bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        if count == 0 { removeAll() }
    }

    mutating func removeAll() {
        bytes = []
        start = 0
    }
}
