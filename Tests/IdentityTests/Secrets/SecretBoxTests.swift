// Texts sealed for the store: only the same key and purpose open them.

import Foundation
import Support
import Testing

@testable import Identity

@Suite struct SecretBoxTests {
    @Test(arguments: ["", "pässwörd", String(repeating: "x", count: 5_000)])
    func opensWhatItSealed(text: String) throws {
        let box = SecretBox.random()
        let sealed = try box.seal(Secret(text), purpose: "mail")
        #expect(sealed.hasPrefix("v1:"))
        #expect(text.isEmpty || !sealed.contains(text))
        #expect(try box.open(sealed, purpose: "mail").reveal() == text)
        #expect(try box.seal(Secret(text), purpose: "mail") != sealed, "each sealing has its own nonce")
    }

    @Test func opensForNoOtherPurpose() throws {
        let box = SecretBox.random()
        let sealed = try box.seal(Secret("word"), purpose: "mail")
        #expect(throws: SecretBoxError.self) { try box.open(sealed, purpose: "robot") }
    }

    /// Every changed byte is noticed.
    @Test func damageIsNoticed() throws {
        let box = SecretBox.random()
        let sealed = Array(try box.seal(Secret("word"), purpose: "mail").utf8)
        for index in sealed.indices {
            var changed = sealed
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(throws: SecretBoxError.self, "byte \(index)") { try box.open(text, purpose: "mail") }
        }
        for text in ["", "v1:", "v2:AAAA", "v1:AAAA", "word", "v1:\(String(repeating: "A", count: 37))"] {
            #expect(throws: SecretBoxError.self) { try box.open(text, purpose: "mail") }
        }
    }

    @Test func theKeyStaysInItsFile() throws {
        let folder = try TemporaryFolder("identity")
        let sealed = try SecretBox.load(folder: folder.path).seal(Secret("word"), purpose: "mail")
        #expect(try SecretBox.load(folder: folder.path).open(sealed, purpose: "mail").reveal() == "word")
        let path = folder.path + "/secrets.key"
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        try FileManager.default.removeItem(atPath: path)
        let other = try SecretBox.load(folder: folder.path)
        let error = #expect(throws: SecretBoxError.self) { try other.open(sealed, purpose: "mail") }
        #expect(error?.message.contains(path) == true, "the file is named")
        try "nonsense".write(toFile: path, atomically: true, encoding: .utf8)
        let damaged = #expect(throws: KeyFileError.self) { try SecretBox.load(folder: folder.path) }
        #expect(damaged?.message.contains(path) == true)
    }

    @Test func showsItselfNowhere() {
        let box = SecretBox(key: [UInt8](repeating: 0xAB, count: 32), path: "x")
        var dumped = ""
        dump(box, to: &dumped)
        for text in ["\(box)", String(reflecting: box), dumped] { #expect(!text.contains("171")) }
    }

    /// RFC 4231, test case 2.
    @Test func signsAsTheStandardSays() {
        let signature = MessageSignature.hexadecimal(
            of: Array("what do ya want for nothing?".utf8),
            key: Secret("Jefe")
        )
        #expect(signature == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}
