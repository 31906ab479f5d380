// Encryption at rest: texts that must be had again, sealed before they go into the store.

import Crypto

/// Why a sealed text could not be opened. Names the key file and what the text was for, never the text.
package struct SecretBoxError: Error, Sendable, Hashable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}

/// Seals and opens texts with AES-256 in Galois/Counter Mode (NIST SP 800-38D), under a fresh 96-bit nonce each.
///
/// The purpose is authenticated with the text: what was sealed for one place opens in no other. Cannot be printed.
package struct SecretBox: Sendable {
    private let key: [UInt8]
    /// The file that the key is in, for messages.
    private let path: String

    /// What every sealed text begins with.
    private static let version = "v1:"
    private static let nonceLength = 12
    private static let tagLength = 16
    private static let file = KeyFile(
        name: "secrets.key",
        title: "key of stored secrets",
        consequence: "after which the stored passwords of channels and keys of providers must be entered again"
    )

    /// A key that lives as long as the process.
    package static func random() -> SecretBox {
        SecretBox(key: KeyFile.random(), path: "of this process")
    }

    init(key: [UInt8], path: String) {
        self.key = key
        self.path = path
    }

    /// Reads `secrets.key` in the folder, or makes it (mode 0600) when there is none. The folder is made too.
    package static func load(folder: String) throws(KeyFileError) -> SecretBox {
        SecretBox(key: try file.load(folder: folder), path: file.path(in: folder))
    }

    /// `v1:` and the base64url of nonce, cipher text and tag.
    ///
    /// - Parameter purpose: what the text is for; the same must be said when it is opened.
    package func seal(_ secret: Secret, purpose: String) throws(SecretBoxError) -> String {
        do {
            let sealed = try AES.GCM.seal(
                Array(secret.reveal().utf8),
                using: SymmetricKey(data: key),
                authenticating: Array(purpose.utf8)
            )
            return Self.version + Base64URL.encode(Array(sealed.nonce) + Array(sealed.ciphertext) + Array(sealed.tag))
        } catch {
            throw SecretBoxError(message: "a secret (\(purpose)) could not be sealed with the key \(path)")
        }
    }

    /// The text that was sealed for this purpose.
    ///
    /// - Throws: ``SecretBoxError`` when the form is not ours, when the key is another, or when text or purpose differ
    ///   from what was sealed; the last three look alike, and the message names the key file.
    package func open(_ sealed: String, purpose: String) throws(SecretBoxError) -> Secret {
        guard sealed.hasPrefix(Self.version),
            let bytes = Base64URL.decode(sealed.dropFirst(Self.version.count)),
            bytes.count >= Self.nonceLength + Self.tagLength
        else {
            throw SecretBoxError(message: "a stored secret (\(purpose)) is damaged: it has not the form v1:…")
        }
        let tagStart = bytes.count - Self.tagLength
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: bytes[..<Self.nonceLength]),
                ciphertext: bytes[Self.nonceLength..<tagStart],
                tag: bytes[tagStart...]
            )
            let text = try AES.GCM.open(box, using: SymmetricKey(data: key), authenticating: Array(purpose.utf8))
            return Secret(String(decoding: text, as: UTF8.self))
        } catch {
            throw SecretBoxError(
                message: "a stored secret (\(purpose)) cannot be opened with the key \(path): it was sealed with "
                    + "another key, or it is damaged"
            )
        }
    }
}

extension SecretBox: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "***" }
    package var debugDescription: String { "***" }
    package var customMirror: Mirror { Mirror(self, children: [Mirror.Child]()) }
}
