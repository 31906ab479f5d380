// Failure modes 32 and 33: storms of aborts and timeouts, and bodies of every size (`gateways.md` (c)).

import JSON
import Support
import Testing

@Suite struct ResourceTests {
    /// Answers of which each must be exactly its own, among others that are cut off, run into timeouts, or are reset.
    @Test("32. A storm of aborts and timeouts spoils no other answer", .timeLimit(.minutes(10)))
    func aStorm() async throws {
        try await Stand.turnstile.pass {
            let upstream = try await ScriptedUpstream.start()
            try await upstream.script(
                """
                {"rules":[
                  {"contains":"endless","step":{"text":["a","b"],"infinite":true,"delay_between":3}},
                  {"contains":"silent","step":{"text":["early","late"],"delay_between":30000}},
                  {"contains":"dying","step":{"text":["a","b","c"],"die":{"at":600,"how":"reset"},"delay_between":3}},
                  {"contains":"absent","step":{"delay_before_head":30000}}]}
                """
            )
            let folder = try TemporaryFolder("storm")
            let file = try folder.write(
                """
                providers:
                  - {name: up, kind: openai-compatible, base_url: "\(upstream.baseURL)",
                     timeouts: {first_byte: 1s, idle: 1s}}
                  - {name: fine, kind: openai-compatible, base_url: "\(upstream.baseURL)"}
                routes:
                  bad: {targets: [{model: up/bad}], retries: 0}
                  good: {targets: [{model: fine/echo}], retries: 0}
                """,
                to: "providers.yaml"
            )
            let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": file])
            let stand = Stand(upstream: upstream, gateway: gateway)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<6 {
                    group.addTask {
                        for index in 0..<40 {
                            // Of its own length, so that bytes of another would show.
                            let text = "lane \(lane) number \(index) " + String(repeating: "\(lane)", count: 7 * index)
                            if index.isMultiple(of: 2) {
                                let answer = try await stand.assembled(model: "good", text: text)
                                #expect(answer.content == text && answer.finishes == ["stop"] && answer.isDone)
                            } else {
                                let answer = try await gateway.chat(text, model: "good")
                                #expect(try answer.json["choices"]?[0]?["message"]?["content"]?.string == text)
                            }
                        }
                    }
                    group.addTask {
                        for index in 0..<15 {
                            let text = ["endless", "silent", "dying", "absent"][(lane + index) % 4]
                            let probe = try await stand.begin(
                                Gateway.body(text, model: "bad", members: #""stream":true"#)
                            )
                            switch index % 3 {
                            case 0 where text != "endless": _ = try? await probe.answer()  // waits for the timeout
                            case 1: _ = try? await probe.head()
                            default: try await Task.sleep(for: .milliseconds(5 * index))
                            }
                            await probe.close(reset: index.isMultiple(of: 2))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await stand.isIdle()
            #expect(gateway.process.isRunning)
            let rows = try await gateway.usage(atLeast: 240)
            #expect(rows.count { $0["route"] == "good" && $0["outcome"] == "finished" } == 240)
            #expect(!rows.contains { $0["outcome"] == "abandoned" })
            #expect(try await gateway.stop().isSuccess)
            try await upstream.stop()
        }
    }

    @Test("33. Bodies pass up to the limit; above it there is a 413 in JSON")
    func bodySizes() async throws {
        try await Stand.run(#"{"default":"fine"}"#) { stand in
            let frame = Gateway.body("", model: "default").utf8.count
            let limit = 16 << 20
            for size in [1, 32_768, 32_769, 1 << 20, 5 << 20, limit - frame] {
                let text = String(repeating: "x", count: size)
                let answer = try await stand.gateway.chat(text, model: "default")
                #expect(answer.status == 200, "\(size) bytes: \(answer.text.prefix(300))")
                let sent = try #require(try await stand.bodies().last)
                #expect(sent["messages"]?[0]?["content"]?.string?.utf8.count == size)
                try await stand.upstream.reset()
                try await stand.upstream.script(#"{"default":"fine"}"#)
            }
            for size in [limit - frame + 1, 32 << 20] {
                let answer = try await stand.gateway.chat(String(repeating: "x", count: size), model: "default")
                #expect(answer.status == 413, "\(size) bytes")
                #expect(try answer.json.errorFaults == [])
                #expect(try answer.json["error"]?["code"]?.string == "request_too_large")
            }
            // Nobody said beforehand how long it would be.
            let probe = try await HTTPProbe(port: stand.gateway.port)
            try await probe.request(
                "POST",
                "/v1/chat/completions",
                headers: [stand.gateway.authorization, ("Transfer-Encoding", "chunked")]
            )
            let piece = [UInt8](repeating: 0x20, count: 1 << 20)
            for _ in 0..<17 {
                try await probe.send("100000\r\n")
                try await probe.send(piece)
                try await probe.send("\r\n")
            }
            #expect(try await probe.head().status == 413)
        }
    }
}
