// From libcurl's result codes to our failures.

import CCurl
import Glibc

extension TransferFailure {
    /// What a transfer's result means.
    ///
    /// - Parameters:
    ///   - hasHead: a final response head had arrived; whatever breaks then is a lost connection to the reader.
    ///   - hasAnswer: at least one byte of an answer had arrived.
    ///   - isConnected: the request was about to be sent, or further.
    static func from(
        _ code: CURLcode,
        handle: EasyHandle,
        url: String,
        hasHead: Bool,
        hasAnswer: Bool,
        isConnected: Bool
    ) -> TransferFailure {
        let origin = Origin.of(url)
        if hasHead {
            let reason = String(cString: curl_easy_strerror(code))
            return TransferFailure(.connectionLost, "the answer of \(origin) broke off: \(reason)")
        }
        let kind = kind(of: code, isConnected: isConnected)
        let detail = detail(of: code, kind: kind, handle: handle)
        return TransferFailure(kind, "\(origin): \(detail)", isRetryable: !hasAnswer && kind.mayPass)
    }

    private static func kind(of code: CURLcode, isConnected: Bool) -> Kind {
        switch code {
        case CURLE_URL_MALFORMAT: .invalidURL
        case CURLE_UNSUPPORTED_PROTOCOL: isConnected ? .protocolError : .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: .couldNotConnect
        case CURLE_OPERATION_TIMEDOUT: isConnected ? .firstByteTimeout : .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM: .connectionLost
        case CURLE_RECV_ERROR: isConnected ? .connectionLost : .couldNotConnect
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .protocolError
        // libcurl's own bound for one header line (100 KB): the code of this version, and of 8.6 and later.
        case CURLE_OUT_OF_MEMORY, CURLcode(rawValue: 100): isConnected ? .responseTooLarge : .other
        default: .other
        }
    }

    /// libcurl's own text only where it can speak of host names and certificates alone.
    private static func detail(of code: CURLcode, kind: Kind, handle: EasyHandle) -> String {
        let general = String(cString: curl_easy_strerror(code))
        switch kind {
        case .tls where !handle.error.isEmpty:
            return handle.error
        case .responseTooLarge:
            return "a line of the response head is too long"
        case .couldNotConnect:
            let number = Int32(truncatingIfNeeded: handle.info(CURLINFO_OS_ERRNO))
            guard number != 0, let text = strerror(number) else { return general }
            return "\(general) (\(String(cString: text)))"
        default:
            return general
        }
    }

    /// What ended a transfer that was late.
    static func timeout(_ kind: Kind, url: String, timeouts: TransferTimeouts, hasAnswer: Bool) -> TransferFailure {
        let origin = Origin.of(url)
        let message =
            switch kind {
            case .connectTimeout: "no connection to \(origin) within \(timeouts.connect)"
            case .firstByteTimeout: "no answer from \(origin) within \(timeouts.firstByte)"
            case .idleTimeout: "nothing more from \(origin) for \(timeouts.idle)"
            default: "the answer of \(origin) took longer than \(timeouts.total)"
            }
        return TransferFailure(kind, message, isRetryable: !hasAnswer)
    }
}

extension TransferFailure.Kind {
    /// Whether another attempt, or another address, could do better.
    fileprivate var mayPass: Bool {
        switch self {
        // What is not HTTP has been an answer, even if no line of it was one.
        case .invalidURL, .invalidRequest, .protocolError, .responseTooLarge, .cancelled, .shutDown: false
        default: true
        }
    }
}
