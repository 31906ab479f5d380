// The webhook's door: secrets, good and bad bodies.

import Foundation
import JSON
import Support
import Testing

@Suite struct ReceiverTests {
    private static let path = "/api/v1/alerts/api/receiver_data/"

    private func event(_ title: String = "\"CPU high\"") -> String {
        #"{"title":\#(title),"level":"critical","start_time":"2025-10-21T10:00:00Z","labels":{"instance":"server-01"},"event_id":"evt-1"}"#
    }

    private func body(_ gateway: Gateway, secret: String? = nil, _ events: String...) -> String {
        let secret = secret.map { "\"secret\":\"\($0)\"," } ?? ""
        return
            #"{"source_type":"monitor","source_id":"default",\#(secret)"events":[\#(events.joined(separator: ","))]}"#
    }

    @Test func theSecretIsAcceptedInEveryPlaceAndTheBodyOnce() async throws {
        let gateway = try await Gateway.start()
        let whs = gateway.webhookSecret
        let basic = Data.base64("user:\(whs)")
        let ways: [[(String, String)]] = [
            [("SECRET", whs)], [("HTTP_SECRET", whs)], [("Authorization", "Bearer \(whs)")],
            [("Authorization", "Basic \(basic)")],
        ]
        var created = 0
        for headers in ways {
            let answer = try await gateway.post(Self.path, body(gateway, event()), headers: headers)
            #expect(answer.status == 200, "\(headers): \(answer.text)")
            #expect(try answer.json["data"]?["received"]?.int == 1)
            created += try answer.json["data"]?["created"]?.int ?? 0
        }
        let inBody = try await gateway.post(Self.path, body(gateway, secret: whs, event()), headers: [])
        #expect(inBody.status == 200)
        created += try inBody.json["data"]?["created"]?.int ?? 0
        #expect(created == 1)
        let list = try await gateway.get("/api/v1/alerts/api/alerts/").json["data"]
        #expect(list?["count"]?.int == 1)
        #expect(list?["results"]?[0]?["event_count"]?.int == 1)
        #expect(!gateway.process.output.contains("request bytes") || !gateway.process.output.contains("secret=whs_"))
        try await gateway.stop()
    }

    @Test func aLargeBodyIsReadOnlyFromAKnownSender() async throws {
        let gateway = try await Gateway.start()
        let padding = String(repeating: " ", count: 2 << 20)
        let inBody = body(gateway, secret: gateway.webhookSecret, event()) + padding
        #expect(try await gateway.post(Self.path, inBody, headers: []).status == 413)
        #expect(try await gateway.post(Self.path, inBody, headers: [("SECRET", "wrong-secret")]).status == 413)
        #expect(try await gateway.post(Self.path, inBody, headers: [("SECRET", gateway.webhookSecret)]).status == 200)
        #expect(try await gateway.get("/api/v1/alerts/api/alerts/").json["data"]?["count"]?.int == 1)
        try await gateway.stop()
    }

    @Test func wrongSecretsAndBodiesHaveTheirStatus() async throws {
        let gateway = try await Gateway.start()
        let good = [("SECRET", gateway.webhookSecret)]
        #expect(
            try await gateway.post(Self.path, body(gateway, event()), headers: [("SECRET", "wrong-secret")]).status
                == 403
        )
        #expect(try await gateway.post(Self.path, body(gateway, event()), headers: []).status == 401)
        let malformed = try await gateway.post(Self.path, "{\"events\":[", headers: good)
        #expect(malformed.status == 400)
        #expect(try malformed.json["code"]?.int == 400)
        #expect(try await gateway.post(Self.path, #"{"source_id":"default","events":[]}"#, headers: good).status == 400)
        let mixed = try await gateway.post(
            Self.path,
            body(gateway, event(), #"{"level":"critical","start_time":"2025-10-21T10:00:00Z"}"#),
            headers: good
        )
        #expect(mixed.status == 200)
        #expect(try mixed.json["data"]?["created"]?.int == 1)
        let error = try mixed.json["data"]?["errors"]?[0]
        #expect(error?["index"]?.int == 1)
        #expect(error?["field"]?.string == "title")
        let huge = [UInt8](repeating: 0x20, count: 20 << 20)
        let tooLarge = try await HTTPProbe.ask("POST", port: gateway.port, Self.path, headers: good, body: huge)
        #expect(tooLarge.status == 413)
        #expect(try await gateway.get("/api/v1/core/health/", headers: []).status == 200)
        try await gateway.stop()
    }
}
