// An ingest that goes by old rules and is kept only after the ticker has looked.

import Dispatch
import JSON
import Storage
import Support
import Testing

@testable import Alerts

@Suite struct RuleRaceTests {
    private static func delivery(_ fixture: Fixture, _ id: String) async throws -> Delivery {
        let source = try await fixture.database.read { try SourceRows.named("s1", $0) }
        let event = AlertEvent(fingerprint: id, status: .firing, startedAt: 1_000_000, level: .warning, title: id)
        return Delivery(source: try #require(source), events: [event], receivedAt: fixture.clock.now)
    }

    /// SQLite has one writer: the ticker's look cannot come between the rules and the end of an ingest.
    @Test("The ticker waits for what goes by older rules")
    func late() async throws {
        try await Fixture.run(.postgresql) { fixture in
            let delivery = try await Self.delivery(fixture, "late")
            let (hasRun, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let ingest = fixture.database.write { connection in
                let result = try IngestTransaction(connection: connection, shelf: RuleShelf()).run([delivery])
                hasRun.signal()
                mayEnd.wait()
                return result
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    hasRun.wait()
                    continuation.resume()
                }
            }
            try await fixture.assignToAnn()
            let ticker = fixture.ticker
            async let tick = ticker.tick()
            do {
                try await eventually("the ticker waits") {
                    let waiting = try await fixture.number(
                        """
                        SELECT COUNT(*) AS number FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                        WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
                        """
                    )
                    return waiting == 1
                }
            } catch {
                mayEnd.signal()
                throw error
            }
            mayEnd.signal()
            _ = try await ingest
            _ = try await tick
            #expect(try await fixture.notices() == ["late assignment ann"])
        }
    }

    @Test("Rules that change while an ingest waits for its locks make it begin anew")
    func waiting() async throws {
        try await Fixture.run(.postgresql) { fixture in
            let delivery = try await Self.delivery(fixture, "a")
            let (isHeld, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let holder: Void = fixture.database.write { connection in
                try PipelineLocks.begin(connection)
                try PipelineLocks.take([delivery], .empty, connection)
                isHeld.signal()
                mayEnd.wait()
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    isHeld.wait()
                    continuation.resume()
                }
            }
            async let ingest = fixture.database.write {
                try IngestTransaction(connection: $0, shelf: RuleShelf()).run([delivery])
            }
            do {
                try await eventually("the ingest waits") {
                    try await fixture.number(
                        """
                        SELECT COUNT(*) AS number FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                        WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
                        """
                    ) == 1
                }
                try await fixture.assignToAnn()
            } catch {
                mayEnd.signal()
                throw error
            }
            mayEnd.signal()
            _ = try await holder
            #expect(try await ingest.notices == 1)
            #expect(try await fixture.notices() == ["a assignment ann"])
        }
    }
}
