// The body that a webhook channel posts: its own template, or an object that every receiver can read.

import JSON

enum WebhookBody {
    /// What a body template may use: the notice's variables and these.
    static func variables(_ message: ChannelMessage, channel: String) -> JSONObject {
        var variables = message.variables
        variables["title"] = .string(message.title)
        variables["text"] = .string(message.text)
        // The name in the system that the seed describes.
        variables["content"] = .string(message.text)
        variables["markdown"] = .string(message.markdown ?? "")
        variables["level"] = .string(message.level)
        variables["link"] = .string(message.link)
        variables["message_id"] = .string(message.messageID)
        variables["channel"] = .string(channel)
        return variables
    }

    /// `{message_id, channel, title, text, level, link, variables}`: the same bytes for the same message.
    static func standard(_ message: ChannelMessage, channel: String) -> [UInt8] {
        let body: JSONValue = [
            "message_id": .string(message.messageID), "channel": .string(channel), "title": .string(message.title),
            "text": .string(message.text), "level": .string(message.level), "link": .string(message.link),
            "variables": .object(message.variables),
        ]
        return body.bytes
    }

    /// Whether the body is JSON by the headers; nil when the header's value is not known.
    static func isJSON(_ config: JSONObject) -> Bool? {
        let header = config["headers"]?.object?.first { $0.key.lowercased() == "content-type" }
        guard let value = header?.value.string?.lowercased() else { return true }
        return value.hasSuffix("******") ? nil : value.contains("json")
    }

    /// What is wrong with a template, tried on a sample; nil when nothing is.
    static func problem(_ text: String, isJSON: Bool?) -> String? {
        do throws(TemplateFault) {
            let template = try MessageTemplate(
                text,
                style: isJSON == false ? .text : .json,
                limit: TemplateLimits.bodyBytes
            )
            let body = try template.render(variables(sample, channel: "a channel"))
            guard isJSON == true else { return nil }
            do throws(JSONError) {
                _ = try JSONValue(parsing: body)
                return nil
            } catch {
                return "does not make JSON: \("\(error)".shownLine(limit: 200))"
            }
        } catch {
            return error.message
        }
    }

    private static var sample: ChannelMessage {
        ChannelRenderer().message(
            SampleNotice.content,
            channel: NotificationChannel(id: 0, team: 0, name: "sample", type: .webhook, config: [:]),
            messageID: "sample"
        ).0
    }
}

/// A notice for previews and trials.
enum SampleNotice {
    static let content = NoticeContent(
        variables: [
            "title": "CPU of db-1 above 95 %", "level": "critical", "status": "firing", "host": "db-1",
            "description": "Load is 31.4 on 8 cores.\nSee \"top\".", "started_at": "2025-10-21T10:00:00Z",
            "ended_at": "", "duration": "5 min", "source": "Prometheus production",
            "link": "https://opsgate.example.com/alerts/1", "labels": ["job": "node", "host": "db-1"],
            "people": ["ann", "bob"], "transition": "assignment",
        ],
        told: "firing"
    )
}
