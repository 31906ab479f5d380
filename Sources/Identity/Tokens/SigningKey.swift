// The key that signs tokens: made at the first start, kept in the data folder, readable by its owner only.

import Glibc

/// Why the key could not be loaded; fit for the operator's eyes.
package struct SigningKeyError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

/// The HMAC key of tokens: 32 random bytes. Cannot be printed.
package struct SigningKey: Sendable {
    let bytes: [UInt8]

    /// The file's name in the data folder.
    package static let fileName = "token.key"

    /// A key that lives as long as the process.
    package static func random() -> SigningKey {
        var random = SystemRandomNumberGenerator()
        return SigningKey(bytes: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads `token.key` in the folder, or makes it (mode 0600) when there is none. The folder is made too.
    ///
    /// Two programs that start at once end with the same key: it is written beside the file and linked into place, which
    /// fails for the second, who then reads what the first wrote. Wider rights than 0600 are narrowed.
    package static func load(folder: String) throws(SigningKeyError) -> SigningKey {
        let path = folder + "/" + fileName
        if let key = try read(path) { return key }
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw failure("cannot create the data folder", folder)
        }
        let key = random()
        try write(key, to: path)
        guard let stored = try read(path) else { throw failure("cannot read back the token key", path) }
        return stored
    }

    private static func read(_ path: String) throws(SigningKeyError) -> SigningKey? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open the token key", path)
        }
        defer { close(file) }
        // A copy or a backup tool may have widened the rights. Not ours to narrow: then whoever owns it decided so.
        _ = fchmod(file, 0o600)
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count >= 0 else { throw failure("cannot read the token key", path) }
        let text = String(decoding: buffer[..<count], as: UTF8.self).trimmedASCII
        guard let bytes = Hexadecimal.decode(text), bytes.count == 32 else {
            throw SigningKeyError(
                message: "the token key \(path) is damaged: expected 64 hexadecimal digits; delete it to make a new "
                    + "one, which ends all tokens"
            )
        }
        return SigningKey(bytes: bytes)
    }

    private static func write(_ key: SigningKey, to path: String) throws(SigningKeyError) {
        let temporary = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("cannot create the token key", path) }
        defer {
            close(file)
            unlink(temporary)
        }
        let text = Array((Hexadecimal.encode(key.bytes) + "\n").utf8)
        guard Glibc.write(file, text, text.count) == text.count, fsync(file) == 0 else {
            throw failure("cannot write the token key", path)
        }
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw failure("cannot put the token key into place", path)
        }
    }

    private static func failure(_ what: String, _ path: String) -> SigningKeyError {
        let reason = String(cString: strerror(errno))
        return SigningKeyError(message: "\(what) \(path): \(reason)")
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
