// What the store says about a credential, with everything that can be wrong with it.

import Storage

/// A caller as the store knows it now.
struct LoadedCaller: Sendable {
    let caller: Caller
    /// When the credential ends, epoch milliseconds.
    let expiresAt: Int64?
    /// The API secret whose last use should be written down, if it is time to.
    let unnotedSecret: Int64?
}

/// Asks the store about credentials. Remembers nothing.
struct CallerLoader: Sendable {
    enum Question: Sendable {
        case apiSecret(CredentialHash)
        case token(Secret)
    }

    let database: any Database
    let signer: TokenSigner
    let clock: WallClock

    /// How often, in milliseconds, the last use of an API secret is written down.
    static let touchInterval: Int64 = 60_000

    func load(_ question: Question) async -> Result<LoadedCaller, CredentialFailure> {
        do throws(CredentialFailure) {
            switch question {
            case .apiSecret(let hash): return .success(try await caller(secret: hash))
            case .token(let token): return .success(try await caller(token: token))
            }
        } catch {
            return .failure(error)
        }
    }

    private func caller(secret hash: CredentialHash) async throws(CredentialFailure) -> LoadedCaller {
        let row = try await read { connection in try CallerRows.apiSecret(hash, on: connection) }
        // The index found the row; the comparison that counts takes the same time whatever it finds.
        guard let row, let stored = CredentialHash(hexadecimal: row.hash), stored.matches(hash) else {
            throw .unknown
        }
        let now = clock.now()
        if let expiresAt = row.expiresAt, expiresAt <= now { throw .expired }
        guard row.user.isActive, let role = row.user.role else { throw .inactive }
        // The secret's own team is the current one, as long as its user is in it.
        let teams = row.user.teams
        let caller = Caller(
            userID: row.user.id,
            username: row.user.username,
            domain: row.user.domain,
            role: role,
            teams: teams.contains(row.team) ? [row.team] + teams.filter { $0 != row.team } : teams,
            credential: CredentialReference(kind: .apiSecret, id: row.id, name: row.name)
        )
        let isNoted = row.lastUsedAt.map { now - $0 < Self.touchInterval } ?? false
        return LoadedCaller(caller: caller, expiresAt: row.expiresAt, unnotedSecret: isNoted ? nil : row.id)
    }

    private func caller(token: Secret) async throws(CredentialFailure) -> LoadedCaller {
        let claims = try await signer.verify(token, now: clock.now())
        let row = try await read { connection in try CallerRows.user(claims.userID, on: connection) }
        guard let row else { throw .unknown }
        guard row.isActive, let role = row.role else { throw .inactive }
        guard row.tokenVersion == claims.version else { throw .revoked }
        let caller = Caller(
            userID: row.id,
            username: row.username,
            domain: row.domain,
            role: role,
            teams: row.teams,
            credential: CredentialReference(kind: .token, name: claims.identifier)
        )
        let expiresAt = claims.expiresAt * 1000 + TokenSigner.leeway
        return LoadedCaller(caller: caller, expiresAt: expiresAt, unnotedSecret: nil)
    }

    private func read<Row: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Row
    ) async throws(CredentialFailure) -> Row {
        do {
            return try await database.read(body)
        } catch {
            throw .unavailable
        }
    }
}
