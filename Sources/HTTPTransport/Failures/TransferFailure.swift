// Why a transfer did not come to its end.

/// Why a transfer failed. Its message is fit for a log: it names the origin (scheme, host, port) at most, never a
/// path, a query, a header, a key or user information.
package struct TransferFailure: Error, Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// Not an absolute http or https URL.
        case invalidURL
        /// A method or a header that must not be sent as it is.
        case invalidRequest
        case couldNotResolve
        case couldNotConnect
        /// The handshake failed or the certificate was refused.
        case tls
        case connectTimeout
        case firstByteTimeout
        case idleTimeout
        case totalTimeout
        /// The connection ended before the answer did.
        case connectionLost
        /// The other side does not speak HTTP as it should.
        case protocolError
        /// The head or the body is longer than allowed.
        case responseTooLarge
        /// By `cancel()`, by the task's cancellation or because nobody held the response any more.
        case cancelled
        /// The client was shut down.
        case shutDown
        case other
    }

    package var kind: Kind
    package var message: String
    /// Nothing of the answer had arrived. Whether the request may be repeated is for the caller to know: the other
    /// side may have read it.
    package var isRetryable: Bool
    /// What there is to say when a mail was refused. Mail travels as a transfer, and so do its failures.
    var mail: MailFailure?

    package init(_ kind: Kind, _ message: String, isRetryable: Bool = false) {
        self.kind = kind
        self.message = message
        self.isRetryable = isRetryable
    }
}

extension TransferFailure: CustomStringConvertible {
    package var description: String { "\(kind.rawValue): \(message)" }
}

extension TransferFailure {
    init(_ mail: MailFailure) {
        self.init(.other, mail.message)
        self.mail = mail
    }

    /// `TransferRequest.refusesLinkLocal`, and there was no other address that could be connected to.
    static func linkLocal(_ origin: String) -> TransferFailure {
        TransferFailure(.invalidURL, "\(origin) is at a link-local address, which is not allowed")
    }

    static let cancelled = TransferFailure(.cancelled, "the transfer was cancelled")
    static let shutDown = TransferFailure(.shutDown, "the HTTP client was shut down")
}
