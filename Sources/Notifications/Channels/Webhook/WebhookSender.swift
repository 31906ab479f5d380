// A webhook of one's own: a signed JSON body, an idempotency key, and the HTTP status as the answer.

package import HTTPTransport
package import Identity
import JSON

/// Sends over `WEBHOOK` channels. The URL is the receiver; receivers are not looked at.
package struct WebhookSender: ChannelSender {
    static let signatureHeader = "X-OpsGate-Signature"
    static let timestampHeader = "X-OpsGate-Timestamp"

    private let client: HTTPClient
    private let clock: WallClock

    /// Bytes of an answer. More is not read, and does not matter.
    private static let bodyLimit = 64 << 10
    /// The longest wait that an answer can ask for.
    private static let longestWait: Int64 = 3_600

    package init(client: HTTPClient, clock: WallClock = .system) {
        self.client = client
        self.clock = clock
    }

    package func send(
        _ message: ChannelMessage,
        channel: NotificationChannel,
        receivers: [String]
    ) async -> DeliveryResult {
        var body = WebhookBody.standard(message, channel: channel.name)
        var note = ""
        if let text = channel.text("body_template") {
            do throws(TemplateFault) {
                body = try Self.templated(text, message, channel)
            } catch {
                note = " (the body template \(error.message); the standard body was sent instead)"
            }
        }
        let request = channel.request(
            channel.value("method").string ?? "POST",
            channel.text("url") ?? "",
            headers: HeaderLines(headers(message, channel, body)),
            body: body
        )
        do throws(TransferFailure) {
            let response = try await client.stream(request)
            let answer = try? await response.collect(limit: Self.bodyLimit)
            return result(response.status, response.headers, answer ?? [], note)
        } catch {
            return .failed(error)
        }
    }

    private static func templated(
        _ text: String,
        _ message: ChannelMessage,
        _ channel: NotificationChannel
    ) throws(TemplateFault) -> [UInt8] {
        let isJSON = WebhookBody.isJSON(channel.config) ?? true
        let template = try MessageTemplate(text, style: isJSON ? .json : .text, limit: TemplateLimits.bodyBytes)
        let body = Array(try template.render(WebhookBody.variables(message, channel: channel.name)).utf8)
        if isJSON, (try? JSONValue(parsing: body)) == nil { throw TemplateFault(message: "does not make JSON") }
        return body
    }

    private func headers(_ message: ChannelMessage, _ channel: NotificationChannel, _ body: [UInt8]) -> HTTPHeaders {
        var headers: HTTPHeaders = ["Content-Type": "application/json; charset=utf-8"]
        for (name, value) in channel.config["headers"]?.object ?? [:] { headers.set(name, value.string ?? "") }
        headers.set("Idempotency-Key", message.messageID.shownLine(limit: 255))
        if let secret = channel.text("secret") {
            let seconds = String(clock.now() / 1_000)
            let signed = Array("\(seconds).".utf8) + body
            headers.set(Self.timestampHeader, seconds)
            headers.set(
                Self.signatureHeader,
                "v1=" + MessageSignature.hexadecimal(of: signed, key: Secret(secret))
            )
        }
        return headers
    }

    private func result(_ status: Int, _ headers: HTTPHeaders, _ body: [UInt8], _ note: String) -> DeliveryResult {
        let said = String(decoding: body.prefix(2_000), as: UTF8.self).shownLine(limit: 200)
        let words = "HTTP status \(status)" + (said.isEmpty ? "" : ": \(said)") + note
        switch status {
        case 200..<300:
            return .delivered(words)
        case 300..<400:
            return .refused("\(words); redirects are not followed")
        case 408, 425, 429, 500...:
            return .retry(after: wait(headers), words)
        default:
            return .refused(words)
        }
    }

    /// `Retry-After` as seconds or as a date (RFC 9110, section 10.2.3).
    private func wait(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers["Retry-After"] else { return nil }
        let seconds = Int64(text) ?? HTTPDate.seconds(text).map { $0 - clock.now() / 1_000 }
        return seconds.map { .seconds(min(max($0, 0), Self.longestWait)) }
    }
}
