// Results of the alert tools for tests, in the shapes of the room `Alerts`.

import JSON

/// JSON texts of tool results.
enum OfflineResults {
    static func row(
        _ id: Int,
        _ title: String,
        level: String = "critical",
        status: String = "firing",
        start: String = "2026-03-01T10:00:00.000Z",
        end: String? = nil,
        duration: String = "12m 30s",
        host: String = "web-1",
        labels: JSONObject = ["alertname": "HighCPU"]
    ) -> JSONValue {
        [
            "id": .integer(id), "title": .string(title), "level": .string(level), "status": .string(status),
            "started_at": .string(start), "ended_at": end.map(JSONValue.string) ?? .null, "duration": .string(duration),
            "host": .string(host), "labels": .object(labels), "source": "alertmanager",
            "link": .string("http://127.0.0.1:18001/api/v1/alerts/api/alerts/\(id)/"),
        ]
    }

    static func list(_ rows: [JSONValue], total: Int? = nil, cursor: String? = nil, hint: String? = nil) -> String {
        var object: JSONObject = [
            "status": "ok", "total": .integer(total ?? rows.count), "returned": .integer(rows.count),
            "truncated": .bool(cursor != nil),
        ]
        if let cursor { object["cursor"] = .string(cursor) }
        object["data"] = .array(rows)
        object["link"] = "http://127.0.0.1:18001/api/v1/alerts/api/alerts/"
        if let hint { object["hint"] = .string(hint) }
        return JSONValue.object(object).text
    }

    static let nothing = """
        {"status":"no_data","total":0,"returned":0,"truncated":false,"data":[],
         "hint":"No alert matches: host web-9. Stored are 3 alerts, 2 of them going on. \
        No match is not a proof of health. Hosts with such a name: web-90."}
        """
}
