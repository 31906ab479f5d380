// What every upstream is configured with, whatever it speaks.

package import HTTPTransport
package import Identity
package import JSON

/// Where an upstream is and what its requests carry.
package struct UpstreamConfiguration: Sendable {
    package var name: String
    /// Without slashes at its end.
    package var baseURL: String
    /// The only key, or the one for calls that come without theirs; local servers need none.
    package var apiKey: Secret?
    /// Sent with every request.
    package var headers: [String: String]
    /// Members of every request, for protocols that take any.
    package var extra: JSONObject
    /// Whose service it is, where that was said.
    package var dialect: String?
    package var timeouts: TransferTimeouts
    /// Whether requests carry `traceparent` and `tracestate`.
    package var sendsTrace: Bool
    /// Bytes of one event or one whole answer at the most.
    package var answerLimit: Int

    package init(
        name: String,
        baseURL: String,
        apiKey: Secret?,
        headers: [String: String] = [:],
        extra: JSONObject = [:],
        dialect: String? = nil,
        timeouts: TransferTimeouts = TransferTimeouts(),
        sendsTrace: Bool = true,
        answerLimit: Int = 16 << 20
    ) {
        self.name = name
        self.baseURL = baseURL.withoutTrailingSlashes
        self.apiKey = apiKey
        self.headers = headers
        self.extra = extra
        self.dialect = dialect
        self.timeouts = timeouts
        self.sendsTrace = sendsTrace
        self.answerLimit = answerLimit
    }
}
