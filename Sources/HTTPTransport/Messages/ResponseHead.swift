// The head of a response, put together from the lines that libcurl hands over.

/// Status and field lines of a final (not 1xx) response. The lines become strings where they are wanted, not on the
/// loop's thread.
struct ResponseHead: Sendable, Equatable {
    var status: Int
    /// Field lines as they came, without the status line and the blank line.
    var fieldLines: [UInt8]

    var headers: HTTPHeaders { HTTPHeaders(parsing: fieldLines) }
}

/// Collects header lines until a final head is whole. Interim responses are dropped, trailers ignored.
struct ResponseHeadParser {
    /// What a line meant.
    enum Result: Equatable {
        case more
        case head(ResponseHead)
        case tooLarge
    }

    /// Upper bound for all header bytes of the transfer, interim responses and trailers included.
    let limit: Int
    /// All header bytes seen so far.
    private(set) var bytesSeen = 0
    private var status = 0
    private var fieldLines: [UInt8] = []
    private(set) var isComplete = false

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes one line, its line end included.
    mutating func append(_ line: UnsafeRawBufferPointer) -> Result {
        bytesSeen += line.count
        guard bytesSeen <= limit else { return .tooLarge }
        if isComplete {
            return .more
        }
        if line.starts(with: Self.protocolMark) {
            status = Self.status(in: line)
            fieldLines = []
            return .more
        }
        guard line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else {
            fieldLines.append(contentsOf: line)
            return .more
        }
        guard status >= 200 else {
            // 1xx: the final response is still to come (RFC 9110, section 15.2).
            fieldLines = []
            return .more
        }
        isComplete = true
        defer { fieldLines = [] }
        return .head(ResponseHead(status: status, fieldLines: fieldLines))
    }

    private static let protocolMark = Array("HTTP/".utf8)

    /// The three digits after the first space.
    private static func status(in line: UnsafeRawBufferPointer) -> Int {
        guard let space = line.firstIndex(of: 0x20) else { return 0 }
        return line[(space + 1)...].prefix(3).reduce(0) { result, byte in
            byte >= 0x30 && byte <= 0x39 ? result * 10 + Int(byte - 0x30) : result
        }
    }
}
