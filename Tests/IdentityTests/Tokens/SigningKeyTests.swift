// The key file: made once, for its owner only.

import Foundation
import Support
import Testing

@testable import Identity

@Suite struct SigningKeyTests {
    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func isMadeOnceForItsOwner() throws {
        let folder = try TemporaryFolder("identity")
        defer { withExtendedLifetime(folder) {} }
        let data = folder.path + "/data"
        let key = try SigningKey.load(folder: data)
        #expect(key.bytes.count == 32)
        #expect(try mode(data) == 0o700)
        #expect(try mode(data + "/token.key") == 0o600)
        #expect(try SigningKey.load(folder: data).bytes == key.bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: data) == ["token.key"], "nothing is left behind")
        #expect(SigningKey.random().bytes != key.bytes)
    }

    @Test func twoAtOnceGetTheSame() async throws {
        let folder = try TemporaryFolder("identity")
        defer { withExtendedLifetime(folder) {} }
        let keys = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { try SigningKey.load(folder: folder.path).bytes } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(keys.count == 1)
    }

    @Test func widerRightsAreNarrowed() throws {
        let folder = try TemporaryFolder("identity")
        defer { withExtendedLifetime(folder) {} }
        let key = try SigningKey.load(folder: folder.path)
        let path = folder.path + "/token.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(try SigningKey.load(folder: folder.path).bytes == key.bytes)
        #expect(try mode(path) == 0o600)
    }

    @Test(arguments: ["", "abc", String(repeating: "a", count: 62), String(repeating: "x", count: 64)])
    func aDamagedFileIsNotReplaced(content: String) throws {
        let folder = try TemporaryFolder("identity")
        defer { withExtendedLifetime(folder) {} }
        let path = folder.path + "/token.key"
        try content.write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: KeyFileError.self) { try SigningKey.load(folder: folder.path) }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let error = #expect(throws: KeyFileError.self) { try SigningKey.load(folder: "/proc/no/such/folder") }
        #expect(error?.message.contains("/proc/no/such/folder") == true)
    }

    @Test func showsItselfNowhere() {
        let key = SigningKey(bytes: [UInt8](repeating: 0xAB, count: 32))
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("171") && !text.lowercased().contains("abab"))
        }
    }
}
