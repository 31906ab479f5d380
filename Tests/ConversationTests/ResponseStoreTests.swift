// Kept responses: whose they are, how long they stay, and how a conversation is found by its last one.

import Storage
import Testing

@testable import Conversation

@Suite struct ResponseStoreTests {
    private static let day: Int64 = 86_400_000

    private func response(_ id: String, after previous: String? = nil, user: Int64 = 7, at now: Int64) -> StoredResponse
    {
        StoredResponse(
            id: id,
            userID: user,
            team: 3,
            previousID: previous,
            input: "[\"in \(id)\"]",
            body: "{\"id\":\"\(id)\"}",
            createdAt: now
        )
    }

    private func ids(_ conversation: ResponseStore.Conversation) -> [String] {
        if case .found(let responses) = conversation { responses.map(\.id) } else { ["not found"] }
    }

    private func missing(_ conversation: ResponseStore.Conversation) -> String? {
        if case .missing(let id) = conversation { id } else { nil }
    }

    @Test(arguments: Engine.allCases) func aConversationIsFoundByItsLast(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let store = ResponseStore(database: stage.database)
            try await store.keep(response("a", at: 1000))
            try await store.keep(response("b", after: "a", at: 1001))
            try await store.keep(response("c", after: "b", at: 1002))
            // A branch: two may go on from one.
            try await store.keep(response("d", after: "a", at: 1003))
            #expect(ids(try await store.conversation(upTo: "c", userID: 7, now: 1004)) == ["a", "b", "c"])
            #expect(ids(try await store.conversation(upTo: "d", userID: 7, now: 1004)) == ["a", "d"])
            let one = try #require(try await store.response("b", userID: 7, now: 1004))
            #expect(one == response("b", after: "a", at: 1001))
        }
    }

    @Test(arguments: Engine.allCases) func nobodyElseHasThem(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let store = ResponseStore(database: stage.database)
            try await store.keep(response("a", at: 1000))
            #expect(missing(try await store.conversation(upTo: "a", userID: 8, now: 1000)) == "a")
            #expect(try await store.response("a", userID: 8, now: 1000) == nil)
            #expect(try await !store.delete("a", userID: 8))
            // Nor can one be gone on from by way of a row of one's own.
            try await store.keep(response("b", after: "a", user: 8, at: 1001))
            #expect(missing(try await store.conversation(upTo: "b", userID: 8, now: 1001)) == "a")
            #expect(try await store.delete("a", userID: 7))
            #expect(try await !store.delete("a", userID: 7))
        }
    }

    @Test(arguments: Engine.allCases) func aConversationThatGoesOnKeepsItsBeginning(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let store = ResponseStore(database: stage.database)
            try await store.keep(response("a", at: 0))
            try await store.keep(response("lone", at: 0))
            #expect(ids(try await store.conversation(upTo: "a", userID: 7, now: 20 * Self.day)) == ["a"])
            try await store.keep(response("b", after: "a", at: 20 * Self.day))
            // Its own thirty days are over; those since it was gone on from are not.
            try await store.keep(response("z", at: 45 * Self.day), sweeps: true)
            #expect(ids(try await store.conversation(upTo: "b", userID: 7, now: 45 * Self.day)) == ["a", "b"])
            let left = try await stage.database.read {
                try $0.query("SELECT id FROM conversation_response ORDER BY id", []).map { try $0.text("id") }
            }
            #expect(left == ["a", "b", "z"])
            // What is over is not there, swept or not.
            #expect(try await store.response("z", userID: 7, now: 76 * Self.day) == nil)
        }
    }

    private func left(in stage: Stage) async throws -> [String] {
        try await stage.database.read {
            try $0.query("SELECT id FROM conversation_response ORDER BY id", []).map { try $0.text("id") }
        }
    }

    @Test(arguments: Engine.allCases) func theOldestGoWhenThereAreTooMany(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let store = ResponseStore(database: stage.database, quota: ResponseStore.Quota(responses: 3))
            try await store.keep(response("other", user: 8, at: 1), sweeps: false)
            for (time, id) in ["e", "d", "c", "b"].enumerated() {
                try await store.keep(response(id, at: Int64(time)), sweeps: false)
            }
            // Two of one millisecond count as two.
            try await store.keep(response("a", at: 3), sweeps: true)
            #expect(try await left(in: stage) == ["a", "b", "c", "other"])
        }
    }

    @Test(arguments: Engine.allCases) func theOldestGoWhenTheyAreTooLarge(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            func large(_ id: String, user: Int64 = 7, at now: Int64) -> StoredResponse {
                var large = response(id, user: user, at: now)
                large.body = "\"" + String(repeating: "x", count: 1000) + "\""
                return large
            }
            let store = ResponseStore(database: stage.database, quota: ResponseStore.Quota(bytes: 2_500))
            try await store.keep(large("other", user: 8, at: 1), sweeps: false)
            for (time, id) in ["d", "c", "b"].enumerated() {
                try await store.keep(large(id, at: Int64(time)), sweeps: false)
            }
            try await store.keep(response("a", at: 9), sweeps: true)
            #expect(try await left(in: stage) == ["a", "b", "c", "other"])
        }
    }

    @Test func theSweepReadsAnIndexAlone() async throws {
        try await withStage(ScriptedModel(.answers("x")), on: .sqlite) { stage in
            let plan = try await stage.database.read { connection in
                try connection.query(
                    "EXPLAIN QUERY PLAN \(ResponseStore.sweep)",
                    [.integer(7), .integer(1), .integer(1)]
                ).map { try $0.text("detail") }
            }
            #expect(plan.contains { $0.contains("COVERING INDEX conversation_response_quota (user_id=?)") }, "\(plan)")
            #expect(
                !plan.contains { $0.contains("SCAN conversation_response") || $0.contains("TEMP B-TREE") },
                "\(plan)"
            )
        }
    }

    @Test func theLargestAlwaysSweeps() async throws {
        try await withStage(ScriptedModel(.answers("x")), on: .sqlite) { stage in
            let store = ResponseStore(database: stage.database, quota: ResponseStore.Quota(responses: 1))
            try await store.keep(response("a", at: 1), sweeps: false)
            var largest = response("b", at: 2)
            largest.body = String(repeating: "x", count: ResponseStore.largest)
            try await store.keep(largest)
            #expect(try await left(in: stage) == ["b"])
        }
    }

    @Test(arguments: Engine.allCases) func aHoleOrTooMuchIsNotGoneOnFrom(_ engine: Engine) async throws {
        try await withStage(ScriptedModel(.answers("x")), on: engine) { stage in
            let store = ResponseStore(database: stage.database)
            try await store.keep(response("a", at: 1))
            try await store.keep(response("b", after: "a", at: 2))
            try await store.keep(response("c", after: "b", at: 3))
            #expect(try await store.delete("b", userID: 7))
            #expect(missing(try await store.conversation(upTo: "c", userID: 7, now: 4)) == "b")
            _ = try await stage.database.write {
                try $0.execute("UPDATE conversation_response SET bytes = 20000000 WHERE id = 'a'", [])
            }
            guard case .tooLong = try await store.conversation(upTo: "a", userID: 7, now: 4) else {
                Issue.record("not too long")
                return
            }
        }
    }
}
