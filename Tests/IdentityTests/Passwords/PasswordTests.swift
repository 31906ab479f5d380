// Passwords: stored as scrypt, checked slowly, few at a time.

import Glibc
import Support
import Synchronization
import Testing

@testable import Identity

@Suite struct PasswordTests {
    private static let cheap = PasswordCost(logRounds: 4, blockSize: 8, parallelism: 1)

    @Test func storedFormTellsNothing() throws {
        let password = Secret("a very good password")
        let one = try #require(PasswordHash.make(password, cost: Self.cheap)).text
        let two = try #require(PasswordHash.make(password, cost: Self.cheap)).text
        #expect(one.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(one != two, "the salt differs")
        #expect(!one.contains("password") && !one.contains("good"))
        let read = try #require(PasswordHash(one))
        #expect(read.matches(password))
        #expect(read.text == one)
        for wrong in ["a very good passwore", "A very good password", "a very good password ", "", "a"] {
            #expect(!read.matches(Secret(wrong)), "\(wrong)")
        }
    }

    /// Made by Python's hashlib.scrypt(n=1024, r=8, p=2, dklen=32).
    @Test func isScrypt() throws {
        let stored = "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIqjo"
        let hash = try #require(PasswordHash(stored))
        #expect(hash.matches(Secret("pässword 密码")))
        #expect(!hash.matches(Secret("passwort 密码")))
    }

    @Test func theEmptyPasswordNeverMatches() throws {
        let hash = try #require(PasswordHash.make(Secret(""), cost: Self.cheap))
        #expect(!hash.matches(Secret("")))
    }

    @Test(arguments: [
        "", "plain", "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw", "$scrypt$ln=40,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AA",
        "$scrypt$ln=18,r=32,p=1$AAECAwQFBgcICQoLDA0ODw$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIqjo",
        "$scrypt$ln=-1,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIqjo",
        "$scrypt$ln=4,r=8,p=1$AAEC$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIqjo",
        "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIq",
        "$argon2$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$1Ph5dajQKrb6Biw4avWDApR1CRycxT3s-qsitukIqjo",
    ])
    func damagedFormsAreRefused(stored: String) async throws {
        #expect(PasswordHash(stored) == nil)
        let isCorrect = try await PasswordHasher(cost: Self.cheap).withTurn { turn in
            await turn.isCorrect(Secret("anything"), stored: stored)
        }
        #expect(!isCorrect)
    }

    @Test func rules() {
        #expect(PasswordRules.objection(to: Secret("1234567")) != nil)
        #expect(PasswordRules.objection(to: Secret("12345678")) == nil)
        #expect(PasswordRules.objection(to: Secret("密码密码密码密码")) == nil)
        #expect(PasswordRules.objection(to: Secret(String(repeating: "a", count: 1025))) != nil)
        #expect(PasswordRules.objection(to: Secret("1234567\0")) != nil)
        #expect(PasswordRules.objection(to: GeneratedPassword.make()) == nil)
    }

    /// The work for an unknown user is the same: the same cost, over as many bytes.
    @Test func anUnknownUserTakesAsLong() async throws {
        let cost = PasswordCost(logRounds: 10, blockSize: 8, parallelism: 2)
        let hasher = PasswordHasher(cost: cost)
        let stored = try await hasher.hash(Secret("the right one"))
        let (known, unknown, damaged) = try await hasher.withTurn { turn in
            (turn.hashToCheck(stored), turn.hashToCheck(nil), turn.hashToCheck("$scrypt$"))
        }
        #expect(known.isKnown && !unknown.isKnown && !damaged.isKnown)
        for other in [unknown.hash, damaged.hash] {
            #expect(other.cost == cost && known.hash.cost == cost)
            #expect(other.salt.count == known.hash.salt.count && other.hash.count == known.hash.hash.count)
            // Nothing in it is a reason not to derive: a user's row could say the same.
            #expect(PasswordHash(other.text) != nil)
        }
        let answer = try await hasher.withTurn { turn in await turn.isCorrect(Secret("the right one"), stored: nil) }
        #expect(!answer)
    }

    @Test func fewAtATime() async throws {
        let hasher = PasswordHasher(cost: Self.cheap, concurrency: 2, maximumWaiting: 100)
        let running = Running()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    try await hasher.withTurn { turn in
                        running.begin()
                        _ = await turn.isCorrect(Secret("x"), stored: nil)
                        running.end()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(running.most <= 2)
    }

    @Test func tooManyAreToldToComeBack() async throws {
        let hasher = PasswordHasher(cost: Self.cheap, concurrency: 1, maximumWaiting: 1)
        let (gate, open) = AsyncStream<Void>.makeStream()
        let running = Running()
        let first = Task {
            try await hasher.withTurn { _ in
                running.begin()
                for await _ in gate {}
            }
        }
        try await eventually("the first runs", holds: { running.most == 1 })
        let second = Task { try await hasher.hash(Secret("waits")) }
        try await eventually("the second waits", holds: { hasher.waiting == 1 })
        await #expect(throws: CredentialFailure.busy) { _ = try await hasher.hash(Secret("third")) }
        open.finish()
        try await first.value
        _ = try await second.value
        _ = try await hasher.hash(Secret("afterwards"))
    }

    @Test func workRunsOffTheCooperativePool() async {
        let before = currentNice()
        let (nice, value) = await LowPriorityThread.run { (currentNice(), 42) }
        #expect(value == 42)
        #expect(nice == min(19, before + 10))
        #expect(currentNice() == before, "the other threads keep their priority")
    }
}

/// On Linux the priority of the calling thread.
private func currentNice() -> Int32 {
    getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
}

/// Counts how many run at once.
private final class Running: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock { $0.most } }

    func begin() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
    func end() { state.withLock { $0.now -= 1 } }
}
