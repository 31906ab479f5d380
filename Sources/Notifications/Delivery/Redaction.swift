// Keeps a channel's secrets out of what is told about it, whatever the other side repeats.

extension DeliveryResult {
    /// The same result with a text that may be shown: one bounded line, without the channel's secrets.
    func redacted(for channel: NotificationChannel) -> DeliveryResult {
        let shown = { (text: String) in Redaction.shown(text, secrets: channel.secrets) }
        return switch self {
        case .delivered(let text): .delivered(shown(text))
        case .retry(let after, let text): .retry(after: after, shown(text))
        case .refused(let text): .refused(shown(text))
        case .unknown(let text): .unknown(shown(text))
        case .slowDown(let until, let text): .slowDown(until: until, shown(text))
        }
    }
}

enum Redaction {
    /// Bytes of a result's text.
    private static let limit = 500
    /// Shorter secrets would blank half of the text and protect nobody.
    private static let shortestSecret = 4
    private static let parameters = ["key=", "access_token=", "corpsecret=", "token=", "secret="]

    static func shown(_ text: String, secrets: [String]) -> String {
        var text = text
        for secret in secrets.sorted(by: { $0.utf8.count > $1.utf8.count })
        where secret.utf8.count >= shortestSecret {
            text = replacing(secret, in: text)
        }
        return masked(text).shownLine(limit: limit)
    }

    private static func replacing(_ secret: String, in text: String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        let wanted = Array(secret.utf8)
        while !rest.isEmpty {
            if rest.starts(with: wanted) {
                result += Array("***".utf8)
                rest = rest.dropFirst(wanted.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The values of query parameters that carry credentials, in whatever URL somebody quotes.
    private static func masked(_ text: String) -> String {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            if let name = parameters.first(where: { rest.starts(with: $0.utf8) }) {
                result += Array((name + "***").utf8)
                rest = rest.dropFirst(name.utf8.count).drop { !isEnd($0) }
            } else {
                result.append(rest.removeFirst())
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || "&\"'<>,;)".utf8.contains(byte)
    }
}
