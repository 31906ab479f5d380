// A request that has been checked and brought into the form in which libcurl takes it, off the loop's thread.

/// A checked request. Making one is the caller's work, so that the loop's thread, which all transfers share, only
/// hands strings over.
struct PreparedRequest: Sendable {
    enum Content: Sendable {
        case http(PreparedHTTP)
        case mail(PreparedMail)
    }

    let url: String
    let timeouts: TransferTimeouts
    let verifyTLS: Bool
    let caFile: String?
    let content: Content
}

/// What is sent over HTTP.
struct PreparedHTTP: Sendable {
    let method: String
    let body: [UInt8]?
    /// `Name: value` lines as `CURLOPT_HTTPHEADER` wants them.
    let headerLines: [String]
    let wantsHTTP2: Bool
    let isSentOnce: Bool
    let refusesLinkLocal: Bool
}

extension PreparedRequest {
    /// - Throws: `.invalidURL`, `.invalidRequest` for what would become something else on the wire (line ends, NUL).
    init(_ request: TransferRequest, isWhole: Bool, defaultCAFile: String?) throws(TransferFailure) {
        guard Origin.isPresent(in: request.url), !request.url.utf8.contains(0) else {
            throw TransferFailure(.invalidURL, "not an absolute http or https URL")
        }
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isTokenByte) else {
            throw TransferFailure(.invalidRequest, "the method is not an HTTP token")
        }
        let content = PreparedHTTP(
            method: request.method,
            body: request.body,
            headerLines: try Self.lines(of: request.headers),
            wantsHTTP2: isWhole && request.version == .http2WhenWhole,
            isSentOnce: request.isSentOnce,
            refusesLinkLocal: request.refusesLinkLocal
        )
        self.init(
            url: request.url,
            timeouts: request.timeouts,
            verifyTLS: request.verifyTLS,
            caFile: request.caFile ?? defaultCAFile,
            content: .http(content)
        )
    }

    private static func lines(of headers: HTTPHeaders) throws(TransferFailure) -> [String] {
        var lines: [String] = []
        lines.reserveCapacity(headers.fields.count + 2)
        // libcurl would wait up to a second for "100 Continue" before it sends a large body.
        lines.append("Expect:")
        var hasContentType = false
        for field in headers.fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte) else {
                throw TransferFailure(.invalidRequest, "a header's name is not an HTTP token")
            }
            guard field.value.utf8.allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 }) else {
                throw TransferFailure(.invalidRequest, "the value of header \(field.name) contains a line end")
            }
            if ours.contains(where: { HTTPHeaders.isSame($0, field.name) }) { continue }
            hasContentType = hasContentType || HTTPHeaders.isSame("content-type", field.name)
            // "Name:" would remove the header, "Name;" sends it without a value (CURLOPT_HTTPHEADER).
            let isBlank = field.value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            var line = ""
            line.reserveCapacity(field.name.utf8.count + field.value.utf8.count + 2)
            line += field.name
            line += isBlank ? ";" : ": "
            if !isBlank { line += field.value }
            lines.append(line)
        }
        // Otherwise libcurl calls every body a form.
        if !hasContentType { lines.append("Content-Type:") }
        return lines
    }

    private static let ours = ["content-length", "transfer-encoding", "connection", "expect"]

    /// `tchar` of RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
