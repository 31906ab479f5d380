// The key that signs tokens: made at the first start, kept in the data folder, readable by its owner only.

/// The HMAC key of tokens: 32 random bytes. Cannot be printed.
package struct SigningKey: Sendable {
    let bytes: [UInt8]

    private static let file = KeyFile(name: "token.key", title: "token key", consequence: "which ends all tokens")

    /// A key that lives as long as the process.
    package static func random() -> SigningKey {
        SigningKey(bytes: KeyFile.random())
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads `token.key` in the folder, or makes it (mode 0600) when there is none. The folder is made too.
    package static func load(folder: String) throws(KeyFileError) -> SigningKey {
        SigningKey(bytes: try file.load(folder: folder))
    }
}

extension SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
