// What libcurl does for a mail: it connects, greets, encrypts and logs in, and leaves the connection to us.

import CCurl

extension EasyHandle {
    /// Sets everything for a session with a mail server. libcurl's own sending is not used: it waits for the reply to
    /// the message, and for the one to QUIT, on the loop's thread (`smtp_block_statemach` in lib/smtp.c).
    func setMail(_ mail: PreparedMail, url: String) -> Bool {
        set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        set(CURLOPT_CONNECT_ONLY, 1)
        set(CURLOPT_FRESH_CONNECT, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if mail.security == .startTLS { set(CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue)) }
        if let username = mail.username {
            set(CURLOPT_USERNAME, username)
            set(CURLOPT_PASSWORD, mail.password ?? "")
            // Left alone, libcurl tries Kerberos with servers that offer it, and CRAM-MD5 before PLAIN with servers that
            // offer it without being able to do it. Under TLS there is nothing to gain from that.
            let plain = "AUTH=PLAIN;AUTH=LOGIN"
            set(CURLOPT_LOGIN_OPTIONS, mail.security == .none ? "AUTH=CRAM-MD5;" + plain : plain)
        }
        return ccurl_set_string(curl, CURLOPT_URL, url) == CURLE_OK
    }

    /// The socket that libcurl left to us; nil when it has closed it.
    var ownedSocket: Int32? {
        let descriptor = ccurl_active_socket(curl)
        return descriptor >= 0 ? descriptor : nil
    }

    /// What came of reading or writing on such a connection.
    enum Progress: Equatable {
        case bytes(Int)
        /// The socket is not ready.
        case wait
        /// The other side has closed it, or it broke.
        case closed
    }

    func send(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var count = 0
        switch curl_easy_send(curl, bytes.baseAddress, bytes.count, &count) {
        case CURLE_OK: return .bytes(count)
        case CURLE_AGAIN: return .wait
        default: return .closed
        }
    }

    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Progress {
        var count = 0
        switch curl_easy_recv(curl, buffer.baseAddress, buffer.count, &count) {
        case CURLE_OK: return count > 0 ? .bytes(count) : .closed
        case CURLE_AGAIN: return .wait
        default: return .closed
        }
    }
}
