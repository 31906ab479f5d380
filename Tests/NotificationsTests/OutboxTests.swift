// What goes into the outbox.

import Notifications
import Storage
import Support
import Testing

@Suite struct OutboxTests {
    @Test func theSameNoticeIsKeptOnce() async throws {
        let folder = try TemporaryFolder()
        let database = try await DatabaseURL.open("sqlite:///\(folder.path)/test.db")
        try await Migrator(NotificationsSchema.migrations).migrate(database)
        let notice = Notice(
            team: 1,
            channel: 7,
            receiver: "ann",
            topic: .alert(3),
            transition: .assignment,
            level: "critical"
        )
        var other = notice
        other.receiver = "bob"
        let notices = [notice, other]
        let first = try await database.write { try Outbox.enqueue(notices, dueAt: 5, now: 5, on: $0) }
        let second = try await database.write { try Outbox.enqueue(notices, dueAt: 9, now: 9, on: $0) }
        #expect(first == 2)
        #expect(second == 0)
        await database.close()
    }
}
