// What to send and where to.

/// Which HTTP a request may use.
package enum HTTPVersionPreference: Sendable {
    /// HTTP/1.1 with keep-alive.
    case http1
    /// HTTP/2 where TLS offers it, for `fetch` only. Streams stay with HTTP/1.1: pausing one HTTP/2 stream of several
    /// in this generation of libcurl buffers up to 32 MB for it and has a history of faults (curl #9180, #10988).
    case http2WhenWhole
}

/// One HTTP request. The body is sent with its length; `Content-Length`, `Transfer-Encoding`, `Connection` and
/// `Expect` are the transport's business and are left out when they are among `headers`.
package struct TransferRequest: Sendable {
    package var method: String
    /// An absolute `http` or `https` URL.
    package var url: String
    package var headers: HeaderLines
    package var body: [UInt8]?
    package var timeouts: TransferTimeouts
    package var version: HTTPVersionPreference
    /// Whether the server's certificate is checked. Only somebody who was asked to may set it to false.
    package var verifyTLS: Bool
    /// A PEM file of certificate authorities to trust instead of the system's.
    package var caFile: String?
    /// Must not reach the other side twice. libcurl repeats a request by itself when a kept connection ends without an
    /// answer; such a request gets a connection of its own, and its loss is told.
    package var isSentOnce = false
    /// Never sent to a link-local address (see `LinkLocal`), whatever names resolve to: none is connected to, and of a
    /// kept connection the other side is looked at. Behind a proxy, what the proxy resolves is the proxy's to refuse.
    package var refusesLinkLocal = false

    package init(
        method: String = "POST",
        url: String,
        headers: HeaderLines = [:],
        body: [UInt8]? = nil,
        timeouts: TransferTimeouts = TransferTimeouts(),
        version: HTTPVersionPreference = .http1,
        verifyTLS: Bool = true,
        caFile: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.version = version
        self.verifyTLS = verifyTLS
        self.caFile = caFile
    }
}
