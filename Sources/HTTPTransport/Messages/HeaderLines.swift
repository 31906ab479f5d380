// Header fields as lines of C text, one after another: no string is made for any of them.

/// `Name: value` lines as `CURLOPT_HTTPHEADER` wants them, each ended by NUL.
struct HeaderLines: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    /// - Throws: `.invalidRequest` for what would become something else on the wire (line ends, NUL).
    init(_ headers: HTTPHeaders) throws(TransferFailure) {
        bytes.reserveCapacity(512)
        // libcurl would wait up to a second for "100 Continue" before it sends a large body.
        append("Expect:", "")
        var hasContentType = false
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(PreparedRequest.isTokenByte) else {
                throw TransferFailure(.invalidRequest, "a header's name is not an HTTP token")
            }
            if Self.ours.contains(where: { HTTPHeaders.isSame($0, field.name) }) { continue }
            hasContentType = hasContentType || HTTPHeaders.isSame("content-type", field.name)
            let start = bytes.count
            // "Name:" would remove the header, "Name;" sends it without a value (CURLOPT_HTTPHEADER).
            let isBlank = field.value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            if isBlank { append(field.name, ";") } else { append(field.name, ": ", field.value) }
            guard bytes[start...].dropLast().allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
                throw TransferFailure(.invalidRequest, "the value of header \(field.name) contains a line end")
            }
        }
        // Otherwise libcurl calls every body a form.
        if !hasContentType { append("Content-Type:", "") }
    }

    private mutating func append(_ name: String, _ separator: String, _ value: String = "") {
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: separator.utf8)
        bytes.append(contentsOf: value.utf8)
        bytes.append(0)
        count += 1
    }

    /// Hands out each line. The text is valid during the call.
    ///
    /// - Returns: false when `body` has for one of them.
    func forEach(_ body: (UnsafePointer<CChar>) -> Bool) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                guard var line = text.baseAddress else { return true }
                let end = line + text.count
                while line < end {
                    guard body(line) else { return false }
                    while line.pointee != 0 { line += 1 }
                    line += 1
                }
                return true
            }
        }
    }

    private static let ours = ["content-length", "transfer-encoding", "connection", "expect"]
}
