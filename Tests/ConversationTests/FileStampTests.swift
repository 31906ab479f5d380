// What a file's stamp notices.

import Foundation
import Support
import Testing

@testable import Conversation

@Suite struct FileStampTests {
    @Test func aChangeIsAnotherStamp() throws {
        let folder = try TemporaryFolder("stamp")
        let path = folder.file("f")
        #expect(FileStamp(of: path) == nil)
        try folder.write("one", to: "f")
        let first = try #require(FileStamp(of: path))
        #expect(FileStamp(of: path) == first)
        try folder.write("three", to: "f")
        let second = try #require(FileStamp(of: path))
        #expect(second != first)
        // Of one size and time, but another file: editors save by renaming.
        let times = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try folder.write("seven", to: "g")
        try FileManager.default.setAttributes([.modificationDate: times as Any], ofItemAtPath: folder.file("g"))
        #expect(rename(folder.file("g"), path) == 0)
        #expect(FileStamp(of: path) != second)
    }
}
