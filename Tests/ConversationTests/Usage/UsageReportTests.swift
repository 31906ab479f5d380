// Reports: filters, teams, sums by day across a change of clocks, pages, CSV.

import Identity
import JSON
import OpenAIProtocol
import Providers
import Resources
import Support
import Testing

@testable import Conversation

@Suite struct UsageReportTests {
    private static func time(_ text: String) throws -> Int64 { try Timestamp(parsing: text).milliseconds }

    private static func row(
        _ id: String,
        at time: String,
        team: Int64 = 3,
        user: String = "ann",
        model: String? = "m",
        cost: Int64 = 1,
        outcome: String = "finished",
        error: ErrorType? = nil
    ) throws -> UsageRow {
        var row = UsageRow(
            requestID: id,
            startedAt: try self.time(time),
            userID: 7,
            username: user,
            team: team,
            credentialKind: "api_secret",
            credentialID: 11,
            surface: "chat",
            requestedModel: "m",
            botID: nil,
            provider: "up",
            model: model,
            rounds: 1,
            tools: [],
            usage: Usage(promptTokens: 10, completionTokens: 2, cachedTokens: 1, cacheWriteTokens: 3),
            firstTokenMilliseconds: nil,
            durationMilliseconds: 5,
            isStream: false,
            outcome: outcome
        )
        row.costMicros = cost
        row.isCostKnown = true
        row.errorType = error
        return row
    }

    private static func query(_ text: String, caller: Caller = Stage.caller) throws -> UsageQuery {
        let pairs = text.split(separator: "&").map { part -> (String, String) in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(pair[0]), pair.count > 1 ? String(pair[1]) : "")
        }
        return try UsageQuery(pairs, caller: caller)
    }

    private static func page(_ stage: Stage, _ text: String, caller: Caller = Stage.caller) async throws -> JSONValue {
        await stage.recorder.drain()
        return try await UsageReports(database: stage.database).page(try query(text, caller: caller))
    }

    /// Berlin's clocks went forward on 2026-03-29 at 01:00 UTC: that day had 23 hours.
    @Test(arguments: Engine.allCases) func daysAreThoseOfTheZone(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            for (number, time) in [
                "2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z",
                "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00Z", "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z",
                "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z",
            ].enumerated() { stage.recorder.record(try Self.row("r\(number)", at: time)) }
            let page = try await Self.page(stage, "group_by=day&time_zone=Europe/Berlin")
            let days = page["results"]?.array?.map { "\($0["day"]?.string ?? "") \($0["requests"]?.int ?? 0)" }
            #expect(
                days == [
                    "2026-03-28 1", "2026-03-29 4", "2026-03-30 1", "2026-10-24 1", "2026-10-25 2", "2026-10-26 1",
                ]
            )
            let utc = try await Self.page(stage, "group_by=day")["results"]?.array?.compactMap { $0["requests"]?.int }
            #expect(utc == [2, 4, 2, 2])
            #expect(try await Self.page(stage, "group_by=day&user=nobody")["count"]?.int == 0)
        }
    }

    @Test(arguments: Engine.allCases) func sumsAndFilters(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            for row in [
                try Self.row("a", at: "2026-01-01T00:00:00Z", cost: 1_500_000),
                try Self.row(
                    "b",
                    at: "2026-01-02T00:00:00Z",
                    user: "bob",
                    model: nil,
                    outcome: "overloaded",
                    error: .oursOverloaded
                ),
                try Self.row("c", at: "2026-01-03T00:00:00Z", team: 9, user: "eve"),
                try Self.row("d", at: "2026-01-03T00:00:00Z", user: "bob", cost: 2),
            ] { stage.recorder.record(row) }
            let all = try await Self.page(stage, "group_by=user,model")
            let results = all["results"]?.array ?? []
            #expect(all["count"]?.int == 4)
            #expect(results.map { $0["user"]?.string ?? "" } == ["ann", "bob", "bob", "eve"])
            #expect(results[1]["model"] == .null && results[1]["errors"]?.int == 1)
            #expect(results[0]["cost"]?.string == "1.500000" && results[0]["cost_micros"]?.int == 1_500_000)
            #expect(results[0]["total_tokens"]?.int == 12 && results[0]["cache_write_tokens"]?.int == 3)
            #expect(results[0]["currency"]?.string == "USD")
            for (text, ids) in [
                ("ordering=started_at", "abcd"), ("user=bob", "db"), ("user=bob,ann&ordering=-cost", "adb"),
                ("since=2026-01-02&until=2026-01-03", "b"), ("error_type=ours_overloaded", "b"),
                ("secret=11,12", "dcba"),
                ("secret=12", ""), ("outcome=finished&page_size=1&page=2", "c"),
            ] {
                let found = try await Self.page(stage, text)["results"]?.array?.compactMap { $0["request_id"]?.string }
                #expect(found?.joined() == ids, "\(text)")
            }
            let sums = try await Self.page(stage, "group_by=secret,provider")["results"]?[0]
            #expect(sums?["secret"]?.int == 11 && sums?["requests"]?.int == 4)

            // Somebody of team 3 sees team 3, by rows and by sums.
            let viewer = Caller(
                userID: 8,
                username: "vic",
                role: .viewer,
                teams: [3],
                credential: CredentialReference(kind: .token, id: nil, name: "t")
            )
            #expect(try await Self.page(stage, "", caller: viewer)["count"]?.int == 3)
            #expect(try await Self.page(stage, "user=eve", caller: viewer)["count"]?.int == 0)
            #expect(try await Self.page(stage, "group_by=user", caller: viewer)["count"]?.int == 2)
        }
    }

    @Test(arguments: Engine.allCases) func sumsHaveAnOrder(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            for (user, requests, cost, tokens) in [
                ("ann", 1, 9, 1), ("bob", 3, 1, 2), ("eve", 1, 5, 70), ("zoe", 1, 5, 9),
            ] {
                for number in 0..<requests {
                    var row = try Self.row(
                        "\(user)\(number)",
                        at: "2026-01-01T00:00:00Z",
                        user: user,
                        cost: Int64(cost)
                    )
                    row.usage.promptTokens = tokens
                    stage.recorder.record(row)
                }
            }
            for (ordering, users) in [
                ("", "ann bob eve zoe"), ("cost", "bob eve zoe ann"), ("-cost", "ann eve zoe bob"),
                ("tokens", "ann zoe bob eve"), ("-tokens", "eve bob zoe ann"), ("requests", "ann eve zoe bob"),
                ("-requests", "bob ann eve zoe"),
            ] {
                let text = "group_by=user" + (ordering.isEmpty ? "" : "&ordering=\(ordering)")
                let sums = try await Self.page(stage, text)["results"]?.array ?? []
                #expect(sums.compactMap { $0["user"]?.string }.joined(separator: " ") == users, "\(ordering)")
                let (file, _) = try await Self.csv(stage, text + "&format=csv")
                let lines = file.split(separator: "\r\n").dropFirst().map { $0.prefix { $0 != "," } }
                #expect(lines.joined(separator: " ") == users, "\(ordering)")
            }
        }
    }

    /// Two rounds that went to two models are a part of each one's bill, and one request.
    @Test(arguments: Engine.allCases) func partsOfATurnStandUnderTheirModels(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let tally = TurnTally()
            for (model, tokens) in [("one", 10), ("two", 20), ("one", 30), ("free", 5)] {
                tally.target = RouteTarget(provider: "up-\(model)", model: model)
                tally.add(Usage(promptTokens: tokens, completionTokens: 1, isEstimated: model == "two"))
            }
            // 1.4 and 0.7 are 2.1 together, rounded 2.
            let cost = TurnCost(charges: [Charge(picos: 1_400_000), Charge(picos: 700_000), nil])
            var turn = try Self.row("shared", at: "2026-01-01T00:00:00Z", model: "free", cost: cost.micros)
            turn.provider = "up-free"
            turn.outcome = "overloaded"
            turn.isCostKnown = false
            turn.usage = tally.usage
            turn.shares = UsageShare.list(tally, cost)
            // The one without a price is not the last, and counts there.
            var early = try Self.row("early", at: "2026-01-03T00:00:00Z", model: "paid", cost: 0)
            early.isCostKnown = false
            early.shares = [("unpriced", false), ("paid", true)].map { model, isPaid in
                UsageShare(
                    provider: "up",
                    model: model,
                    usage: Usage(promptTokens: 5, completionTokens: 1),
                    costMicros: 0,
                    isCostKnown: isPaid,
                    isLast: isPaid
                )
            }
            for row in [
                turn, try Self.row("plain", at: "2026-01-01T00:00:00Z", model: "one"),
                try Self.row("other", at: "2026-01-02T00:00:00Z", model: "none"), early,
            ] { stage.recorder.record(row) }
            let members = [
                "model", "day", "requests", "errors", "prompt_tokens", "cost_micros", "estimated_requests",
                "unpriced_requests",
            ]
            func sums(_ text: String) async throws -> [String] {
                try await Self.page(stage, text)["results"]?.array?.map { sum in
                    members.compactMap { sum[$0].map { $0.string ?? $0.text } }.joined(separator: " ")
                } ?? []
            }
            let all = [
                "free 1 1 5 0 1 1", "none 1 0 10 1 0 0", "one 1 0 50 2 0 0", "paid 1 0 5 0 0 1", "two 0 0 20 1 0 0",
                "unpriced 0 0 5 0 0 0",
            ]
            #expect(try await sums("group_by=model") == all)
            #expect(try await sums("group_by=model&provider=up-two") == ["two 0 0 20 1 0 0"])
            #expect(try await sums("group_by=day&model=one,two") == ["2026-01-01 1 0 70 3 0 0"])
            let days = ["2026-01-01 2 1 75 3 1 1", "2026-01-02 1 0 10 1 0 0", "2026-01-03 1 0 10 0 0 1"]
            #expect(try await sums("group_by=day") == days)
            // The rows of a model are those that it had a part in, whole; none is there twice.
            for (text, ids) in [
                ("model=one", "plain shared"), ("model=two", "shared"), ("model=two&provider=up-two", "shared"),
                ("model=two&provider=up-one", ""), ("provider=up-free", "shared"), ("", "early other plain shared"),
            ] {
                let rows = try await Self.page(stage, text)["results"]?.array ?? []
                #expect(rows.compactMap { $0["request_id"]?.string }.sorted().joined(separator: " ") == ids, "\(text)")
                let shared = rows.first { $0["request_id"] == "shared" }
                if let shared { #expect(shared["prompt_tokens"] == 65 && shared["model"] == "free") }
            }
        }
    }

    @Test(arguments: [
        ("page=0", "page"), ("page_size=1001", "page_size"), ("group_by=day,day", "group_by"),
        ("group_by=", "group_by"),
        ("group_by=team;drop", "group_by"), ("nonsense=1", "nonsense"), ("error_type=what", "error_type"),
        ("secret=x", "secret"), ("since=yesterday", "since"), ("time_zone=Mars/Base", "time_zone"),
        ("time_zone=../../etc/passwd", "time_zone"), ("format=xml", "format"), ("ordering=--cost", "ordering"),
        ("ordering=id; DROP", "ordering"), ("ordering=requests", "ordering"),
        ("ordering=duration&group_by=model", "ordering"), ("group_by=day&ordering=-started_at", "ordering"),
        ("format=csv&ordering=-cost", "ordering"), ("user=a&user=b", "user"), ("user=", "user"),
    ]) func wrongParametersAreNamed(_ text: String, _ field: String) {
        do {
            _ = try Self.query(text)
            Issue.record("was taken: \(text)")
        } catch let error as ResourceError {
            #expect(error.errors.map(\.field) == [field])
            #expect(error.status == 400)
        } catch {
            Issue.record("\(error)")
        }
    }

    private static func csv(_ stage: Stage, _ text: String, caller: Caller = Stage.caller) async throws -> (String, Int)
    {
        await stage.recorder.drain()
        var bytes: [UInt8] = []
        var pieces = 0
        var file = UsageReports(database: stage.database).file(try query(text, caller: caller))
        while let piece = try await file.next() {
            bytes += piece
            pieces += 1
        }
        return (String(decoding: bytes, as: UTF8.self), pieces)
    }

    /// Callers choose model names; whoever opens the file in a spreadsheet must not run them.
    @Test func textsInFilesAreNoFormulas() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", " =1", "a\"b,c\r\nd", "＝1", "plain"]
            for model in hostile {
                stage.recorder.record(try Self.row("r", at: "2026-01-01T00:00:00Z", model: model))
            }
            let (text, _) = try await Self.csv(stage, "format=csv&group_by=model")
            let wanted = [
                "\"'\r=1\"", "'\tx", "' =1", "'+1", "'-1", "'=1+1", "'@SUM(A1)", "\"a\"\"b,c\r\nd\"", "plain", "'＝1",
            ]
            for field in wanted {
                #expect(text.contains("\r\n\(field),1,0,10,2,1,3,0,12,0,0.000001,1,USD,0\r\n"), "\(field)")
            }
            #expect(text.hasPrefix("model,requests,errors,prompt_tokens,"))
        }
    }

    @Test func filesAreReadPieceByPieceAndWhole() async throws {
        try await withStage(ScriptedModel(.answers("x"))) { stage in
            for number in 0..<2_500 {
                stage.recorder.record(
                    try Self.row("r\(number)", at: "2026-01-01T00:00:00Z", team: number % 2 == 0 ? 3 : 9)
                )
            }
            let (text, pieces) = try await Self.csv(stage, "format=csv")
            let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(lines.count == 2_502)
            #expect(pieces == 4)
            #expect(lines[0].split(separator: ",").first == "id")
            #expect(lines[2_500].contains("r2499"))
            #expect(
                Set(lines.dropLast().map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count
                    == 1
            )
            let viewer = Caller(
                userID: 8,
                username: "vic",
                role: .viewer,
                teams: [9],
                credential: CredentialReference(kind: .token, id: nil, name: "t")
            )
            let (theirs, _) = try await Self.csv(stage, "format=csv", caller: viewer)
            #expect(theirs.split(separator: "\r\n").count == 1_251)
        }
    }
}
