// Header fields as lines of C text, one after another: no string is made for any of them.

/// The header fields of a request, as the `Name: value` lines that `CURLOPT_HTTPHEADER` wants, each ended by NUL. Written
/// as they are added, so that fields which many requests have in common are written once and copied.
package struct HeaderLines: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    /// What would have become something else on the wire; the request is not sent.
    private(set) var fault: TransferFailure?
    private var hasContentType = false
    private var hasUserAgent = false

    /// None yet.
    package init() {
        bytes.reserveCapacity(384)
    }

    package init(_ headers: HTTPHeaders) {
        self.init()
        for field in headers.fields { add(field.name, field.value) }
    }

    /// Appends a field, whether or not there is one of that name.
    package mutating func add(_ name: String, _ value: String) {
        switch Role(name) {
        case .framing: return
        case .contentType: hasContentType = true
        case .userAgent: hasUserAgent = true
        case .other: break
        }
        let start = bytes.count
        append(text: name)
        let end = bytes.count
        append(": ")
        append(text: value)
        let isName = end > start && holds(start..<end, PreparedRequest.isTokenByte)
        guard isName, holds(end..<bytes.count, { $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
            bytes.removeLast(bytes.count - start)
            if fault == nil { fault = Self.fault(isName ? name : nil) }
            return
        }
        // "Name:" would remove the header, "Name;" sends it without a value (CURLOPT_HTTPHEADER).
        if holds((end + 2)..<bytes.count, { $0 == 0x20 || $0 == 0x09 }) {
            bytes.removeLast(bytes.count - end)
            append(";")
        }
        close()
    }

    /// Adds what libcurl has to be told where it would say something of its own.
    mutating func finish(userAgent: String, bodyBytes: Int) {
        // Otherwise it calls every body a form.
        if !hasContentType { addRemoval("Content-Type:") }
        // It would wait up to a second for "100 Continue" before it sends a body of more than a MiB
        // (`lib/http.h`, EXPECT_100_THRESHOLD).
        if bodyBytes > Self.largestUnasked { addRemoval("Expect:") }
        if !hasUserAgent { add("User-Agent", userAgent) }
    }

    private static let largestUnasked = 256 << 10

    private mutating func addRemoval(_ line: StaticString) {
        append(line)
        close()
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// As one piece of memory, which a view of its bytes is not taken for.
    private mutating func append(text: String) {
        text.utf8.span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    private mutating func close() {
        bytes.append(0)
        count += 1
    }

    private func holds(_ range: Range<Int>, _ condition: (UInt8) -> Bool) -> Bool {
        let span = bytes.span
        for index in range where !condition(span[index]) { return false }
        return true
    }

    private static func fault(_ name: String?) -> TransferFailure {
        TransferFailure(
            .invalidRequest,
            name.map { "the value of header \($0) contains a line end" } ?? "a header's name is not an HTTP token"
        )
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
}

extension HeaderLines: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}

extension HeaderLines {
    /// What a field is to the transport.
    private enum Role {
        /// Its own business: left out.
        case framing
        case contentType
        case userAgent
        case other

        /// Most names are of no length that is looked at twice.
        init(_ name: String) {
            func isSame(_ other: String) -> Bool { HTTPHeaders.isSame(name, other) }
            switch name.utf8.count {
            case 6: self = isSame("expect") ? .framing : .other
            case 10: self = isSame("user-agent") ? .userAgent : isSame("connection") ? .framing : .other
            case 12: self = isSame("content-type") ? .contentType : .other
            case 14: self = isSame("content-length") ? .framing : .other
            case 17: self = isSame("transfer-encoding") ? .framing : .other
            default: self = .other
            }
        }
    }
}
