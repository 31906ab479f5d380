// A mail as somebody else's library reads it: Python's email package.

import Foundation
import Notifications
import Support

/// What Python finds in a message.
struct ParsedMail: Decodable {
    var subject: String
    var headers: [String]
    /// Display name and address of each.
    var from: [[String]]
    var to: [[String]]
    var messageId: String
    /// Epoch seconds.
    var date: Double
    var text: String?
    var html: String?
    var types: [String]
    var defects: [String]

    /// Reads all messages in one run of Python.
    static func parse(_ messages: [MailMessage]) async throws -> [ParsedMail] {
        let folder = try TemporaryFolder("messages")
        let raw = try JSONEncoder().encode(messages.map { Data($0.bytes()) })
        try folder.write(String(decoding: raw, as: UTF8.self), to: "messages.json")
        // Nothing but Python itself is needed.
        let result = try await Command.succeed("python3", ["-c", script, folder.file("messages.json")])
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([ParsedMail].self, from: Data(result.output.utf8))
    }

    private static let script = """
        import base64, email, email.policy, json, sys

        def read(raw):
            message = email.message_from_bytes(base64.b64decode(raw), policy=email.policy.default)
            bodies = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
            return {
                "subject": str(message["subject"]),
                "headers": message.keys(),
                "from": [[a.display_name, a.addr_spec] for a in message["from"].addresses],
                "to": [[a.display_name, a.addr_spec] for a in message["to"].addresses],
                "message_id": str(message["message-id"]),
                "date": message["date"].datetime.timestamp(),
                "text": bodies["plain"].get_content() if bodies["plain"] else None,
                "html": bodies["html"].get_content() if bodies["html"] else None,
                "types": [part.get_content_type() for part in message.walk()],
                "defects": [repr(d) for part in message.walk() for d in part.defects]
                    + [repr(d) for value in message.values() for d in value.defects],
            }

        print(json.dumps([read(raw) for raw in json.load(open(sys.argv[1]))]))
        """
}
