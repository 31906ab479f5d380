// Options of an easy handle that need not be set again for the next request of the same kind.

/// What the options of a request with a body depend on, but for its address, its headers and the body itself. Setting all
/// of them costs libcurl about as much as reading an answer.
struct KeptOptions: Equatable {
    private let connectMilliseconds: Int
    private let verifyTLS: Bool
    private let caFile: String?
    private let wantsHTTP2: Bool
    private let refusesLinkLocal: Bool
    private let buffer: Int?

    /// nil for requests after which the handle is reset: those of other kinds are rare.
    init?(_ request: PreparedRequest, buffer: Int?) {
        guard case .http(let content) = request.content, content.method == "POST", content.body != nil,
            !content.isSentOnce
        else { return nil }
        connectMilliseconds = request.connectMilliseconds
        verifyTLS = request.verifyTLS
        caFile = request.caFile
        wantsHTTP2 = content.wantsHTTP2
        refusesLinkLocal = content.refusesLinkLocal
        self.buffer = buffer
    }
}

extension PreparedRequest {
    var connectMilliseconds: Int {
        max(1, Int((timeouts.connectNanoseconds + 999_999) / 1_000_000))
    }
}
