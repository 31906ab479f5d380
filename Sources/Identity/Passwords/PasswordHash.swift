// A password as it is stored: scrypt, with its parameters and salt beside the hash.

import Crypto
import CryptoExtras
import Glibc

/// What one password check costs.
package struct PasswordCost: Sendable, Hashable {
    /// log2 of scrypt's N. Memory is `128 * 2^logRounds * blockSize` bytes.
    package var logRounds: Int
    /// scrypt's r.
    package var blockSize: Int
    /// scrypt's p. Multiplies the time, not the memory.
    package var parallelism: Int

    package init(logRounds: Int, blockSize: Int = 8, parallelism: Int) {
        self.logRounds = logRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// 16 MB and about a fifth of a second of one core: N = 2^14, r = 8, p = 5, one of the equivalent settings of the
    /// OWASP Password Storage Cheat Sheet, chosen for its small memory.
    package static let standard = PasswordCost(logRounds: 14, blockSize: 8, parallelism: 5)

    /// Bounds for what is read from the store, so that a damaged row cannot take the memory or the processor.
    fileprivate var isReasonable: Bool {
        (1...18).contains(logRounds) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
            && (128 * blockSize) << logRounds <= 256 << 20
    }
}

/// A stored password: `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, both in base64url. Cannot be turned back.
struct PasswordHash: Sendable {
    let cost: PasswordCost
    let salt: [UInt8]
    let hash: [UInt8]

    /// Longer passwords are refused before any work is done.
    static let maximumPasswordBytes = 1024

    /// Hashes a password with a fresh salt. Slow by design: not for the cooperative pool.
    static func make(_ password: Secret, cost: PasswordCost) -> PasswordHash? {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        guard let hash = derive(password, salt: salt, cost: cost) else { return nil }
        return PasswordHash(cost: cost, salt: salt, hash: hash)
    }

    /// Whether this is the password. Slow by design, and as slow for a wrong one.
    func matches(_ password: Secret) -> Bool {
        guard let derived = Self.derive(password, salt: salt, cost: cost) else { return false }
        // An empty password is hashed like any other, for the same time, and then refused.
        return ConstantTime.equal(derived, hash) && !password.isEmpty
    }

    /// The stored form.
    var text: String {
        "$scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)$"
            + "\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    init(cost: PasswordCost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Reads the stored form; nil when it is damaged or asks for unreasonable work.
    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        var numbers: [Substring: Int] = [:]
        for pair in parts[2].split(separator: ",") {
            let sides = pair.split(separator: "=")
            guard sides.count == 2, let number = Int(sides[1]) else { return nil }
            numbers[sides[0]] = number
        }
        guard let logRounds = numbers["ln"], let blockSize = numbers["r"], let parallelism = numbers["p"],
            numbers.count == 3, let salt = Base64URL.decode(parts[3]), let hash = Base64URL.decode(parts[4])
        else { return nil }
        cost = PasswordCost(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
        guard cost.isReasonable, salt.count >= 16, hash.count == 32 else { return nil }
        self.salt = salt
        self.hash = hash
    }

    private static func derive(_ password: Secret, salt: [UInt8], cost: PasswordCost) -> [UInt8]? {
        var bytes = Array(password.reveal().utf8)
        // The library must not be given an empty buffer; a zero byte keeps the time the same.
        if bytes.isEmpty { bytes = [0] }
        guard bytes.count <= maximumPasswordBytes else { return nil }
        let key = try? KDF.Scrypt.deriveKey(
            from: bytes,
            salt: salt,
            outputByteCount: 32,
            rounds: 1 << cost.logRounds,
            blockSize: cost.blockSize,
            parallelism: cost.parallelism
        )
        return key?.withUnsafeBytes { Array($0) }
    }
}
