// From a request's headers to its caller: a cheap look into memory first, the store when that does not know.

package import Storage
import Synchronization

/// Turns credentials into callers.
///
/// ``cachedCaller(forAuthorization:apiAuthorization:apiKey:)`` is for the hot path: it does not suspend, and costs one
/// SHA-256 and one look-up. When it answers nil, ask ``caller(forAuthorization:apiAuthorization:apiKey:)``, which asks
/// the store once for all requests that wait for the same credential, and says why it refuses. Refusals are never
/// remembered. Whoever changes a user or deletes a secret calls ``forget(user:)`` or ``forget(secret:)`` after the
/// commit; a look into the store that began before that is not remembered.
package final class Authenticator: Sendable {
    private typealias Outcome = Result<Caller, CredentialFailure>

    private struct State {
        var cache: CallerCache
        /// Counts changes; what was loaded under an older number is not remembered.
        var epoch: UInt64 = 0
        /// One load for all who wait for the same credential. Emptied by every change.
        var flights: [CacheKey: (epoch: UInt64, task: Task<Outcome, Never>)] = [:]
        /// Notes of last use that are being written.
        var touches: [Int64: Task<Void, Never>] = [:]
        var loads = 0
    }

    private enum Step {
        case found(Caller)
        case wait(Task<Outcome, Never>)
    }

    private let database: any Database
    private let signer: TokenSigner
    private let loader: CallerLoader
    private let clock: WallClock
    private let state: Mutex<State>

    /// - Parameter limits: nil for 30 s on SQLite, which one process owns, and 2 s on PostgreSQL, where other nodes
    ///   change users and secrets too.
    package init(
        database: any Database,
        tokenKey: SigningKey,
        clock: WallClock = .system,
        limits: CallerCacheLimits? = nil
    ) {
        self.database = database
        self.signer = TokenSigner(key: tokenKey)
        self.loader = CallerLoader(database: database, signer: signer, clock: clock)
        self.clock = clock
        let standard: CallerCacheLimits =
            switch database.dialect {
            case .sqlite: .singleNode
            case .postgresql: .severalNodes
            }
        state = Mutex(State(cache: CallerCache(limits: limits ?? standard)))
    }

    /// The caller, if memory knows this credential; nil says nothing about it.
    package func cachedCaller(
        forAuthorization authorization: String?,
        apiAuthorization: String?,
        apiKey: String?
    ) -> Caller? {
        guard
            let presented = try? PresentedCredential.find(
                authorization: authorization,
                apiAuthorization: apiAuthorization,
                apiKey: apiKey
            )
        else { return nil }
        let key = CacheKey(presented.hash)
        let now = clock.now()
        return state.withLock { $0.cache.caller(for: key, now: now) }
    }

    /// The caller, from memory or from the store.
    package func caller(
        forAuthorization authorization: String?,
        apiAuthorization: String?,
        apiKey: String?
    ) async throws(CredentialFailure) -> Caller {
        let presented = try PresentedCredential.find(
            authorization: authorization,
            apiAuthorization: apiAuthorization,
            apiKey: apiKey
        )
        switch step(presented, now: clock.now()) {
        case .found(let caller): return caller
        case .wait(let flight): return try await flight.value.get()
        }
    }

    private func step(_ presented: PresentedCredential, now: Int64) -> Step {
        let hash = presented.hash
        let key = CacheKey(hash)
        return state.withLock { state in
            if let caller = state.cache.caller(for: key, now: now) { return .found(caller) }
            if let flight = state.flights[key] { return .wait(flight.task) }
            let epoch = state.epoch
            let question = presented.kind == .token ? CallerLoader.Question.token(presented.text) : .apiSecret(hash)
            state.loads += 1
            // Its own task, so that one waiting request that goes away does not take the answer from the others.
            let task = Task { [self] in
                let loaded = await loader.load(question)
                return finish(loaded, key: key, epoch: epoch, startedAt: now)
            }
            state.flights[key] = (epoch, task)
            return .wait(task)
        }
    }

    /// - Parameter startedAt: what the store says is remembered from then on, not from when the answer came.
    private func finish(
        _ loaded: Result<LoadedCaller, CredentialFailure>,
        key: CacheKey,
        epoch: UInt64,
        startedAt: Int64
    ) -> Outcome {
        state.withLock { state in
            if state.flights[key]?.epoch == epoch { state.flights[key] = nil }
            if case .success(let loaded) = loaded, state.epoch == epoch {
                state.cache.remember(loaded.caller, for: key, expiresAt: loaded.expiresAt, now: startedAt)
            }
        }
        if case .success(let loaded) = loaded, let secret = loaded.unnotedSecret { touch(secret, now: startedAt) }
        return loaded.map(\.caller)
    }
}

// MARK: - Notes of last use

extension Authenticator {
    /// Notes the use of a secret, in the background: a lost note costs nothing, a waiting request would.
    private func touch(_ secret: Int64, now: Int64) {
        state.withLock { state in
            guard state.touches[secret] == nil else { return }
            state.touches[secret] = Task { await writeTouch(secret, now: now) }
        }
    }

    private func writeTouch(_ secret: Int64, now: Int64) async {
        try? await database.write { connection in
            let threshold = now - CallerLoader.touchInterval
            try CallerRows.touch(secret: secret, at: now, unlessAfter: threshold, on: connection)
        }
        state.withLock { $0.touches[secret] = nil }
    }

    /// Waits until every note of last use is written; for an orderly end.
    package func settle() async {
        let touches = state.withLock { Array($0.touches.values) }
        for touch in touches { await touch.value }
    }
}

// MARK: - Tokens and changes

extension Authenticator {
    /// Signs a token for a user who has just proved who they are.
    ///
    /// - Parameter lifetime: milliseconds.
    package func issueToken(
        userID: Int64,
        username: String,
        version: Int64,
        lifetime: Int64
    ) async throws(CredentialFailure) -> IssuedToken {
        let issuedAt = clock.now() / 1000
        let claims = TokenClaims(
            userID: userID,
            username: username,
            version: version,
            issuedAt: issuedAt,
            expiresAt: issuedAt + lifetime / 1000,
            identifier: APISecretFormat.randomText(length: 22)
        )
        return IssuedToken(
            token: try await signer.sign(claims),
            expiresAt: claims.expiresAt * 1000,
            identifier: claims.identifier
        )
    }

    /// Call after the commit that changed a user's password, role, teams or state.
    package func forget(user: Int64) {
        forget { $0.userID == user }
    }

    /// Call after the commit that deleted or changed an API secret.
    package func forget(secret: Int64) {
        forget { $0.credential.kind == .apiSecret && $0.credential.id == secret }
    }

    /// Forgets everybody, e.g. when another node says that something changed.
    package func forgetAll() {
        forget { _ in true }
    }

    private func forget(where matches: (Caller) -> Bool) {
        state.withLock { state in
            state.epoch += 1
            state.flights = [:]
            state.cache.forget(where: matches)
        }
    }

    /// What memory holds, and how often the store was asked.
    package var statistics: AuthenticatorStatistics {
        state.withLock { AuthenticatorStatistics(remembered: $0.cache.count, loads: $0.loads) }
    }
}

/// A snapshot of the authenticator's memory.
package struct AuthenticatorStatistics: Sendable, Hashable {
    /// Callers in memory.
    package let remembered: Int
    /// How often the store was asked since the start.
    package let loads: Int
}
