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

/// What is sent over HTTP. An object: it goes through several hands on its way to libcurl.
final class PreparedHTTP: Sendable {
    let method: String
    let body: [UInt8]?
    let headerLines: HeaderLines
    let wantsHTTP2: Bool
    let isSentOnce: Bool
    let refusesLinkLocal: Bool

    init(_ request: TransferRequest, _ headerLines: HeaderLines, isWhole: Bool) {
        method = request.method
        body = request.body
        self.headerLines = headerLines
        wantsHTTP2 = isWhole && request.version == .http2WhenWhole
        isSentOnce = request.isSentOnce
        refusesLinkLocal = request.refusesLinkLocal
    }
}

extension PreparedRequest {
    /// - Throws: `.invalidURL`, `.invalidRequest` for what would become something else on the wire (line ends, NUL).
    init(
        _ request: TransferRequest,
        isWhole: Bool,
        for client: HTTPClientConfiguration
    ) throws(TransferFailure) {
        guard Origin.isPresent(in: request.url) else {
            throw TransferFailure(.invalidURL, "not an absolute http or https URL")
        }
        guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isTokenByte) else {
            throw TransferFailure(.invalidRequest, "the method is not an HTTP token")
        }
        var headers = request.headers
        headers.finish(userAgent: client.userAgent, bodyBytes: request.body?.count ?? 0)
        if let fault = headers.fault { throw fault }
        self.init(
            url: request.url,
            timeouts: request.timeouts,
            verifyTLS: request.verifyTLS,
            caFile: request.caFile ?? client.caFile,
            content: .http(PreparedHTTP(request, headers, isWhole: isWhole))
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
