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
    let headerLines: HeaderLines
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
            headerLines: try HeaderLines(request.headers),
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

    /// `tchar` of RFC 9110, section 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
