// What people do with alerts, through the doors: acts, incidents, shields, rules that make no sense, the log.

import Foundation
import JSON
import Support
import Testing

@Suite struct HandlingTests {
    private static let prefix = "/api/v1/alerts/api"

    private func send(_ gateway: Gateway, _ hosts: String...) async throws {
        let events = hosts.map {
            #"{"title":"Down","level":"critical","external_id":"\#($0)","labels":{"instance":"\#($0)","team":"db"}}"#
        }
        let answer = try await gateway.post(
            "\(Self.prefix)/source/default/webhook/?secret=\(gateway.webhookSecret)",
            "{\"events\":[\(events.joined(separator: ","))]}",
            headers: []
        )
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json["data"]?["report"]?.array?.count == hosts.count)
        // A secret in a URL is accepted, and in no log.
        #expect(
            !gateway.process.output.split(separator: "\n").contains {
                $0.contains("request_id") && $0.contains(gateway.webhookSecret)
            }
        )
    }

    private func act(_ gateway: Gateway, _ action: String, _ body: String) async throws -> ProbeAnswer {
        try await gateway.post("\(Self.prefix)/alerts/operator/\(action)/", body)
    }

    @Test func anAlertIsGivenTakenAndClosedAndTheLogSaysWhoDidIt() async throws {
        let gateway = try await Gateway.start()
        try await send(gateway, "db-1", "db-2")
        let early = try await act(gateway, "acknowledge", #"{"alert_id":[1]}"#)
        #expect(early.status == 409)
        #expect(try early.json["data"]?["1"]?["result"]?.bool == false)
        let given = try await act(gateway, "assign", #"{"alert_id":[1,99],"assignee":["admin"]}"#)
        #expect(given.status == 200, "\(given.text)")
        #expect(try given.json["data"]?["1"]?["result"]?.bool == true)
        #expect(try given.json["data"]?["99"]?["result"]?.bool == false)
        #expect(try await act(gateway, "acknowledge", #"{"alert_id":["1"],"note":"on it"}"#).status == 200)
        let row = try await gateway.get("\(Self.prefix)/alerts/1/").json["data"]
        #expect(row?["handling"]?.string == "processing")
        #expect(row?["acknowledged_by"]?.string == "admin")
        #expect(try await gateway.get("\(Self.prefix)/alerts/?handling=processing").json["data"]?["count"]?.int == 1)
        #expect(try await act(gateway, "close", #"{"alert_id":[1],"reason":"replaced the disk"}"#).status == 200)
        #expect(try await gateway.get("\(Self.prefix)/alerts/1/").json["data"]?["status"]?.string == "closed")
        let log = try await gateway.get("\(Self.prefix)/log/?target_type=alert&target_id=1").json["data"]
        let actions = Set((log?["results"]?.array ?? []).compactMap { $0["action"]?.string })
        #expect(actions.count >= 3, "\(actions)")
        #expect(log?["results"]?[0]?["operator"]?.string == "admin")
        #expect(try await act(gateway, "close", #"{"alert_id":"all"}"#).status == 400)
        let bad = try await act(gateway, "assign", #"{"alert_id":[2]}"#)
        #expect(bad.status == 400)
        #expect(try bad.json["errors"]?[0]?["field"]?.string == "assignee")
        try await gateway.stop()
    }

    @Test func anIncidentHoldsAlertsAndAShieldHidesWhatItSays() async throws {
        let gateway = try await Gateway.start()
        try await send(gateway, "db-1", "db-2")
        let incident = try await gateway.post("\(Self.prefix)/incident/", #"{"title":"Databases","alerts":[1,2]}"#)
        #expect(incident.status == 200, "\(incident.text)")
        #expect(try incident.json["data"]?["alert_count"]?.int == 2)
        #expect(try await gateway.get("\(Self.prefix)/alerts/?has_incident=true").json["data"]?["count"]?.int == 2)
        let shield = #"""
            {"name":"db","match_type":"filter",
             "match_rules":[[{"key":"labels.team","operator":"eq","value":"db"}]],
             "suppression_time":{"type":"day","start_time":"00:00","end_time":"24:00"}}
            """#
        let preview = try await gateway.post("\(Self.prefix)/shield/preview/", shield)
        #expect(preview.status == 200 && preview.text.contains("db-1"), "\(preview.text)")
        #expect(try await gateway.post("\(Self.prefix)/shield/", shield).status == 200)
        try await send(gateway, "db-3")
        let hidden = try await gateway.get("\(Self.prefix)/alerts/?is_shielded=true").json["data"]
        #expect(hidden?["results"]?.array?.contains { $0["host"]?.string == "db-3" } == true, "\(hidden?.text ?? "")")
        try await gateway.stop()
    }

    @Test func whatMakesNoSenseIsRefusedWithItsPlace() async throws {
        let gateway = try await Gateway.start()
        for (path, body, field) in [
            (
                "assignment",
                #"{"name":"a","match_type":"filter","match_rules":[[{"key":"title","operator":"re","value":"(("}]],"personnel":["x@example.com"],"notify_channels":[]}"#,
                "match_rules[0][0].value"
            ),
            ("shield", #"{"name":"a","match_type":"filter","match_rules":[],"suppression_time":{}}"#, "match_rules"),
            (
                "aggregation_rule",
                #"{"name":"a","match_type":"all","window_type":"fixed","window_size":"soon","group_by":["host"]}"#,
                "window_size"
            ),
            (
                "assignment", #"{"name":"a","match_type":"all","personnel":["x@example.com"],"notify_channels":[77]}"#,
                "notify_channels"
            ),
        ] {
            let answer = try await gateway.post("\(Self.prefix)/\(path)/", body)
            #expect(answer.status == 400, "\(path): \(answer.text)")
            let fields = try answer.json["errors"]?.array?.compactMap { $0["field"]?.string } ?? []
            #expect(fields.contains { $0.hasPrefix(field) }, "\(path): \(answer.text)")
        }
        let huge = [UInt8](repeating: 0x20, count: 50 << 20)
        let tooLarge = try await HTTPProbe.ask(
            "POST",
            port: gateway.port,
            "\(Self.prefix)/source/default/webhook/",
            headers: [("SECRET", gateway.webhookSecret)],
            body: huge
        )
        #expect(tooLarge.status == 413)
        let other = try await gateway.post(
            "\(Self.prefix)/source/nobody/webhook/",
            #"{"title":"x"}"#,
            headers: [("SECRET", gateway.webhookSecret)]
        )
        #expect(other.status == 403)
        try await gateway.stop()
    }

    @Test func aChannelThatIsInUseStays() async throws {
        let gateway = try await Gateway.start()
        let channel = try await gateway.post(
            "/api/v1/system_mgmt/channel/",
            #"{"name":"hook","channel_type":"WEBHOOK","config":{"url":"http://127.0.0.1:9/x?token=hidden-token"}}"#
        )
        #expect(channel.status == 200 && !channel.text.contains("hidden-token"), "\(channel.text)")
        let assignment = try await gateway.post(
            "\(Self.prefix)/assignment/",
            #"{"name":"a","match_type":"all","personnel":["x@example.com"],"notify_channels":[1]}"#
        )
        #expect(assignment.status == 200, "\(assignment.text)")
        let refused = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            "/api/v1/system_mgmt/channel/1/",
            headers: [gateway.authorization],
            body: []
        )
        #expect(refused.status == 409 && refused.text.contains("assignment"), "\(refused.text)")
        try await gateway.stop()
    }
}
