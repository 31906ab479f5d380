// A store with this room's tables, the services on it, and a clock that tests set.

import Accounts
import Identity
import Storage
import Support
import Synchronization
import Testing

/// The two engines that every promise about the store must hold on.
enum Engine: CaseIterable, Sendable {
    case sqlite
    case postgresql
}

/// A clock that stands still until it is told otherwise.
final class ManualClock: Sendable {
    private let time: Mutex<Int64>

    init(_ start: Int64 = 1_790_000_000_000) {
        time = Mutex(start)
    }

    var now: Int64 { time.withLock { $0 } }

    func advance(seconds: Int64) {
        time.withLock { $0 += seconds * 1000 }
    }

    var wallClock: WallClock { WallClock { self.now } }
}

/// Everything that a test of this room needs.
struct World: Sendable {
    let database: any Database
    let clock: ManualClock
    let key: SigningKey
    let authenticator: Authenticator
    let accounts: AccountService
    let secrets: APISecretService
    /// Where SQLite's files are.
    let folder: String

    static let cheap = PasswordCost(logRounds: 4, blockSize: 8, parallelism: 1)
    static let password = Secret("correct horse battery")

    /// The caller behind an API secret or a token.
    func caller(_ credential: Secret) async throws(CredentialFailure) -> Caller {
        try await authenticator.caller(
            forAuthorization: "Bearer \(credential.reveal())",
            apiAuthorization: nil,
            apiKey: nil
        )
    }

    func cached(_ credential: Secret) -> Caller? {
        authenticator.cachedCaller(
            forAuthorization: "Bearer \(credential.reveal())",
            apiAuthorization: nil,
            apiKey: nil
        )
    }

    /// The first administrator, with the password `World.password`.
    func start() async throws -> FirstStart {
        try #require(try await accounts.firstStart(password: World.password))
    }

    func addUser(_ name: String, _ role: Role, teams: [Int64]? = nil) async throws -> User {
        try await accounts.createUser(
            NewUser(username: name, password: World.password, role: role, teams: teams),
            by: .system
        )
    }

    func addTeam(_ name: String) async throws -> Int64 {
        try await database.write { connection in
            let rows = try connection.query(
                "INSERT INTO teams (name, created_at) VALUES ($1, 0) RETURNING id",
                [.text(name)]
            )
            return try #require(rows.first).int("id")
        }
    }

    func rows(_ sql: String, _ parameters: [SQLValue] = []) async throws -> [SQLRow] {
        try await database.read { try $0.query(sql, parameters) }
    }
}

/// A caller as if `user` had come with a token.
func callerOf(_ user: User) -> Caller {
    Caller(
        userID: user.id,
        username: user.username,
        domain: user.domain,
        role: user.role,
        teams: user.teams,
        credential: CredentialReference(kind: .token, name: "test")
    )
}

/// Runs the body on a fresh store and removes it afterwards.
func withWorld(
    _ engine: Engine,
    limits: CallerCacheLimits? = nil,
    wrap: (any Database) -> any Database = { $0 },
    audit: any AuditSink = AuditLog(),
    _ body: (World) async throws -> Void
) async throws {
    let folder = try TemporaryFolder("identity")
    // Not before: an optimised build may end the value at its last use.
    defer { withExtendedLifetime(folder) {} }
    let url =
        switch engine {
        case .sqlite: "sqlite:///\(folder.path)/test.sqlite"
        case .postgresql: try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
        }
    let inner = try await DatabaseURL.open(url)
    try await Migrator(IdentitySchema.migrations).migrate(inner)
    let database = wrap(inner)
    let clock = ManualClock()
    let key = SigningKey.random()
    let authenticator = Authenticator(
        database: database,
        tokenKey: key,
        clock: clock.wallClock,
        limits: limits
    )
    let world = World(
        database: database,
        clock: clock,
        key: key,
        authenticator: authenticator,
        accounts: AccountService(
            database: database,
            authenticator: authenticator,
            hasher: PasswordHasher(cost: World.cheap),
            audit: audit,
            clock: clock.wallClock
        ),
        secrets: APISecretService(
            database: database,
            authenticator: authenticator,
            audit: audit,
            clock: clock.wallClock
        ),
        folder: folder.path
    )
    do {
        try await body(world)
    } catch {
        await authenticator.settle()
        await database.close()
        throw error
    }
    await authenticator.settle()
    await database.close()
}
