// The resource `alert_source`: who may send events, and how they are read.

package import Identity
import JSON
package import Resources
import Storage

/// Types of sources: the seed's (section 2.2.4) and those with a form of their own; a new adapter adds its own here.
package enum AlertSourceType: String, Sendable, CaseIterable {
    /// The seed's format.
    case monitor
    /// Alertmanager.
    case prometheus
    case grafana
    case zabbix
    /// Anything: by the source's mapping, by content, or guessed.
    case webhook
}

package enum AlertSourceResource {
    /// What the sources of alerts made by hand are called, each with its team's number; nobody else may take the names.
    static let manualPrefix = "manual-team-"

    /// `/api/v1/alerts/api/alert_source`.
    package static let resource = Resource(
        name: "alert_source",
        title: "Alert source",
        description: "A sender of events: its name, its secret, and how its times and levels are read.",
        path: "/api/v1/alerts/api/alert_source",
        table: "alert_source",
        permissions: ResourcePermissions(view: .alertsView, manage: .alertsManage),
        fields: [
            Field(
                "name",
                .string,
                required: true,
                maxLength: 200,
                searchable: true,
                filterable: true,
                orderable: true,
                description: "What people call it.",
                example: "Prometheus production"
            ),
            Field(
                "source_id",
                .string,
                default: "",
                unique: .everywhere,
                maxLength: 100,
                searchable: true,
                filterable: true,
                orderable: true,
                createOnly: true,
                description: "What senders call it; made when it is not given.",
                example: "monitor_source_001",
                check: checkSourceID
            ),
            Field(
                "source_type",
                .string,
                required: true,
                enumeration: AlertSourceType.allCases.map { .string($0.rawValue) },
                filterable: true,
                orderable: true,
                description: "How a body is read where it can be read so; other bodies are told apart by content."
            ),
            Field(
                "secret",
                .secret(SecretRule(seal: seal, generate: { WebhookSecret.generate().reveal() })),
                required: true,
                minLength: 8,
                maxLength: 255,
                description: "Given or made; stored as a hash and shown once."
            ),
            Field(
                "time_zone",
                .string,
                default: "UTC",
                maxLength: 64,
                description: "The zone of times that name none: an IANA name or an offset.",
                example: "Asia/Shanghai",
                check: { ZoneRule(name: $0.string ?? "") == nil ? "is not a known time zone" : nil }
            ),
            Field(
                "level_map",
                .object,
                default: [:],
                maxLength: 10_000,
                description: "The sender's words for levels, each with critical, error, warning or info.",
                example: ["P1": "critical"],
                check: LevelMap.problem
            ),
            Field(
                "mapping",
                .object,
                default: [:],
                maxLength: 20_000,
                description: "Where a body of no known form keeps things: event members (title, level, status, "
                    + "start_time, end_time, external_id, event_id, description, host, link, labels, annotations), "
                    + "each with a JSON path such as $.name or a constant such as =text; events names the list.",
                example: ["events": "$.alerts[*]", "title": "$.name", "level": "$.severity", "status": "$.state"]
            ),
            Field(
                "auto_close_minutes",
                .integer,
                default: 0,
                minimum: 0,
                maximum: 525_600,
                description: "Alerts of which nothing was heard for so long are closed; 0: never."
            ),
            Field(
                "flap_count",
                .integer,
                default: 4,
                minimum: 0,
                maximum: 100,
                description: "So many episodes within the window make an alert flapping; 0: never.",
                check: { $0.int == 1 ? "must be 0, or from 2 to 100" : nil }
            ),
            Field(
                "flap_window_minutes",
                .integer,
                default: 30,
                minimum: 1,
                maximum: 10_080,
                description: "The window of flap_count."
            ),
            Field(
                "success_status",
                .integer,
                default: 200,
                enumeration: [200, 202],
                description: "The HTTP status of a good answer; some senders compare it with 202."
            ),
            Field(
                "is_active",
                .boolean,
                default: true,
                filterable: true,
                description: "An inactive source's events are refused."
            ),
            Field("description", .text, default: "", maxLength: 10_000, searchable: true),
        ],
        ordering: ["name"],
        referrers: [
            Referrer("events", table: "alert_event", column: "source"),
            Referrer("alerts", table: "alert", column: "source"),
        ],
        hooks: ResourceHooks(
            beforeWrite: { record, context in
                if let mapping = record.json("mapping")?.object, !mapping.isEmpty { _ = try EventMapping(mapping) }
                guard context.operation == .create else { return }
                let name = record.text("source_id") ?? ""
                if name.hasPrefix(manualPrefix), !context.caller.isSystem {
                    throw ResourceError.invalid("source_id", "must not begin with \(manualPrefix)")
                }
                if name.isEmpty {
                    record.set("source_id", "source_\(WebhookSecret.randomText(length: 12).lowercased())")
                }
            },
            afterWrite: { record, context in
                guard let before = context.before, before["secret"] != record["secret"] else { return }
                // An overlap belongs to the secret it was made for.
                try context.connection.execute(
                    "UPDATE alert_source SET previous_secret = NULL, previous_secret_until = NULL WHERE id = $1",
                    [.integer(record.id)]
                )
            }
        )
    )

    /// Hashes a secret for the store. Plain SHA-256: the hash is also what a source is found by. A chosen secret is
    /// as strong as its chooser made it; a made one has 256 random bits.
    private static let seal: @Sendable (String) throws -> String = { CredentialHash(of: $0).hexadecimal }

    /// Senders put it into URLs and configuration files.
    private static let checkSourceID: @Sendable (JSONValue) -> String? = { value in
        let isPlain = (value.string ?? "").utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"): true
            default: false
            }
        }
        return isPlain ? nil : "may hold letters, digits, _ - . and : only"
    }
}

/// Secrets of webhooks.
package enum WebhookSecret {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// `whs_` and 44 letters and digits: 262 random bits, told apart from API secrets at a glance.
    package static func generate() -> Secret {
        Secret("whs_" + randomText(length: 44))
    }

    /// Letters and digits from the operating system's random numbers.
    static func randomText(length: Int) -> String {
        var random = SystemRandomNumberGenerator()
        let text = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        return String(decoding: text, as: UTF8.self)
    }
}
