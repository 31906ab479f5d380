// A key of 32 bytes in a file of its own in the data folder: made at the first start, readable by its owner only.

import Glibc

/// Why a key file could not be used; fit for the operator's eyes, names the file.
package struct KeyFileError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

/// Where a key is kept, and what people are told about it.
struct KeyFile: Sendable {
    /// The file's name in the data folder.
    let name: String
    /// What it is: `token key`.
    let title: String
    /// What a person loses who deletes a damaged file: "which ends all tokens".
    let consequence: String

    /// Bytes of every key.
    static let length = 32

    /// Bytes from the operating system's random numbers.
    static func random() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }

    func path(in folder: String) -> String { folder + "/" + name }

    /// Reads the file in the folder, or makes it (mode 0600) when there is none. The folder is made too.
    ///
    /// Two programs that start at once end with the same key: it is written beside the file and linked into place, which
    /// fails for the second, who then reads what the first wrote. Wider rights than 0600 are narrowed.
    func load(folder: String) throws(KeyFileError) -> [UInt8] {
        let path = path(in: folder)
        if let key = try read(path) { return key }
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw Self.failure("cannot create the data folder", folder)
        }
        try write(Self.random(), to: path)
        guard let stored = try read(path) else { throw Self.failure("cannot read back the \(title)", path) }
        return stored
    }

    private func read(_ path: String) throws(KeyFileError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("cannot open the \(title)", path)
        }
        defer { close(file) }
        // A copy or a backup tool may have widened the rights. Not ours to narrow: then whoever owns it decided so.
        _ = fchmod(file, 0o600)
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count >= 0 else { throw Self.failure("cannot read the \(title)", path) }
        let text = String(decoding: buffer[..<count], as: UTF8.self).trimmedASCII
        guard let bytes = Hexadecimal.decode(text), bytes.count == Self.length else {
            throw KeyFileError(
                message: "the \(title) \(path) is damaged: expected \(Self.length * 2) hexadecimal digits; delete it "
                    + "to make a new one, \(consequence)"
            )
        }
        return bytes
    }

    private func write(_ key: [UInt8], to path: String) throws(KeyFileError) {
        let temporary = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max))"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure("cannot create the \(title)", path) }
        defer {
            close(file)
            unlink(temporary)
        }
        let text = Array((Hexadecimal.encode(key) + "\n").utf8)
        guard Glibc.write(file, text, text.count) == text.count, fsync(file) == 0 else {
            throw Self.failure("cannot write the \(title)", path)
        }
        guard link(temporary, path) == 0 || errno == EEXIST else {
            throw Self.failure("cannot put the \(title) into place", path)
        }
    }

    private static func failure(_ what: String, _ path: String) -> KeyFileError {
        let reason = String(cString: strerror(errno))
        return KeyFileError(message: "\(what) \(path): \(reason)")
    }
}
