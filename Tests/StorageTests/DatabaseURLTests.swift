// Addresses: what they open, what they refuse, and that a password shows nowhere.

import Foundation
import Storage
import Support
import Testing

@Suite struct DatabaseURLTests {
    @Test func `addresses that cannot be read are refused without quoting them`() async throws {
        let urls = [
            "", "store.db", "mysql://u:hunter2@h/db", "sqlite:///", "sqlite:///:memory:", "sqlite://store.db",
            "sqlite:////tmp/x.db?colour=hunter2", "sqlite:////tmp/x.db?readers=hunter2",
            "sqlite:////tmp/x.db?readers=0",
            "sqlite:////tmp/%zz.db", "sqlite:////tmp/a%00b.db", "sqlite:////tmp/x.db?readers",
            "postgres://u:hunter2@127.0.0.1/db?colour=hunter2", "postgres://u:hunter2@127.0.0.1:port/db",
            "postgres://u:hun%ter2@127.0.0.1/db", "postgres://u:hunter2@[::1/db", "postgres://u:p@h/db?connections=0",
            "postgres://u:p@h/db?connections=hunter2", "postgres://u:p@h/db?statement_timeout=-1",
        ]
        for url in urls {
            let error = await databaseError { await (try DatabaseURL.open(url)).close() }
            #expect(error?.kind == .statement, "\(url)")
            #expect(error?.description.contains("hunter2") == false, "\(url)")
        }
    }

    @Test func `a refused password shows in no text`() async throws {
        let server = try await PostgreSQLServer.shared()
        let urls = [
            "postgres://postgres:hunter2@127.0.0.1:\(server.port)/postgres",
            "postgres://postgres@127.0.0.1:\(server.port)/hunter2?password=hunter2",
            "postgres://hunter2:hunter2@127.0.0.1:\(server.port)/postgres",
            "postgres://postgres:hunter2@hunter2.invalid/postgres",
        ]
        for url in urls {
            let error = await databaseError { await (try DatabaseURL.open(url)).close() }
            #expect(error?.kind == .unavailable, "\(url)")
            for text in ["\(String(describing: error))", error?.description ?? "", String(reflecting: error)] {
                #expect(!text.contains("hunter2"), "\(url)")
            }
        }
    }

    @Test func `a server that is not there is unavailable at once`() async throws {
        let error = await databaseError { await (try DatabaseURL.open("postgres://u:p@127.0.0.1:1/db")).close() }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains("127.0.0.1") == true)
    }

    @Test func `options of ours and of libpq are understood`() async throws {
        let server = try await PostgreSQLServer.shared()
        let url = try await server.makeDatabase()
        let database = try await DatabaseURL.open(
            url + "?connections=2&statement_timeout=1234&application_name=tests%20here&sslmode=prefer"
        )
        let rows = try await database.read { connection in
            try connection.query(
                """
                SELECT current_setting('statement_timeout') AS a, current_setting('application_name') AS b,
                    current_setting('synchronous_commit') AS c
                """
            )
        }
        #expect(rows.map(\.values) == [["1234ms", "tests here", "on"]])
        await database.close()
    }

    @Test func `a file's path is relative or absolute, and percent-decoded`() async throws {
        let folder = try TemporaryFolder("storage")
        let database = try await DatabaseURL.open(
            "sqlite:///\(folder.path)/a%20%E4%B8%AD.db?readers=1&busy_timeout=100"
        )
        await database.close()
        #expect(FileManager.default.fileExists(atPath: folder.file("a 中.db")))
        let missing = await databaseError {
            await (try DatabaseURL.open("sqlite:///\(folder.path)/no/such/folder/x.db")).close()
        }
        #expect(missing?.kind == .unavailable)
        #expect(missing?.message.contains("no/such/folder") == true)
    }

    @Test func `redaction keeps what people need`() {
        #expect(DatabaseURL.redacted("postgres://u:p@ss@h:1/db?password=x") == "postgres://u:***@h:1/db")
        #expect(DatabaseURL.redacted("postgres://u@h/db") == "postgres://u@h/db")
        #expect(DatabaseURL.redacted("postgres://h/db") == "postgres://h/db")
        #expect(DatabaseURL.redacted("sqlite:////var/x.db?readers=2") == "sqlite:////var/x.db")
        #expect(DatabaseURL.redacted("hunter2") == "(not a URL)")
    }
}
