// From libcurl's result codes and the server's replies to failures of a mail.

import CCurl
import Glibc

extension PreparedMail {
    /// What a refusing reply means.
    func failure(_ kind: MailFailure.Kind, _ reply: MailReply, _ what: String) -> MailFailure {
        let message = "\(peer) refused \(what): \(masked(reply.text()))"
        return MailFailure(kind, code: reply.code, message, isPermanent: reply.isPermanentRefusal)
    }

    /// The text without what must not be shown, in case a server repeats it: the password, as it is and in base64, alone
    /// and as the PLAIN login has it.
    func masked(_ text: String) -> String {
        guard let password, !password.isEmpty else { return text }
        var masked = text
        let login = "\0\(username ?? "")\0\(password)"
        for word in [password, Base64.text(Array(password.utf8)), Base64.text(Array(login.utf8))] {
            masked = masked.split(separator: word, omittingEmptySubsequences: false).joined(separator: "***")
        }
        return masked
    }

    /// Why there is no session in which a mail could be sent.
    ///
    /// - Parameter last: the server's last reply before it ended.
    func connectFailure(_ code: CURLcode, handle: EasyHandle, last: MailReply?) -> MailFailure {
        let refusal = last.flatMap { $0.code >= 400 ? $0 : nil }
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return MailFailure(.invalidServer, "\(peer) is not a mail server's name and port", isPermanent: true)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return MailFailure(.couldNotResolve, "the name of \(peer) cannot be resolved")
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED:
            return MailFailure(.couldNotConnect, "\(peer) cannot be reached\(Self.systemError(handle))")
        case CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR:
            return loginFailure(refusal)
        case CURLE_USE_SSL_FAILED:
            guard let refusal else { return MailFailure(.tls, "\(peer) does not offer STARTTLS") }
            return MailFailure(.tls, code: refusal.code, "\(peer) refused STARTTLS: \(masked(refusal.text()))")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            let general = String(cString: curl_easy_strerror(code))
            return MailFailure(.tls, "\(peer): \(handle.error.isEmpty ? general : handle.error)")
        case CURLE_OPERATION_TIMEDOUT:
            return MailFailure(.timeout, "\(peer) did not answer in time")
        case CURLE_REMOTE_ACCESS_DENIED, CURLE_WEIRD_SERVER_REPLY:
            guard let refusal else { return MailFailure(.other, "\(peer) does not speak SMTP as it should") }
            return failure(.couldNotConnect, refusal, "to talk to us")
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
            guard let refusal else { return MailFailure(.connectionLost, "\(peer) closed the connection") }
            return failure(.connectionLost, refusal, "to go on")
        case CURLE_WRITE_ERROR:
            return MailFailure(.other, "\(peer) says more than a mail server has reason to")
        default:
            return MailFailure(.other, "\(peer): \(String(cString: curl_easy_strerror(code)))")
        }
    }

    /// The login failed. Codes only: what a server says here is about a user name and a password.
    func loginFailure(_ refusal: MailReply?) -> MailFailure {
        guard let refusal else {
            let message = "\(peer) offers no way to log in with a password"
            return MailFailure(.authentication, message, isPermanent: true)
        }
        let message = "\(peer) refused the login: \(refusal.code)"
        return MailFailure(
            .authentication,
            code: refusal.code,
            message,
            isPermanent: refusal.isPermanentRefusal
        )
    }

    private static func systemError(_ handle: EasyHandle) -> String {
        let number = Int32(truncatingIfNeeded: handle.info(CURLINFO_OS_ERRNO))
        guard number != 0, let text = strerror(number) else { return "" }
        return " (\(String(cString: text)))"
    }
}

/// Base64 as RFC 4648 has it; only to recognise a password that a server gives back.
private enum Base64 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for place in 0..<4 {
                text.append(place <= group.count ? letters[bits >> (18 - 6 * place) & 63] : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
