// A folder that exists as long as its object does.
import Foundation

/// A folder of one test. It is removed, with all that is in it, when the object goes.
package final class TemporaryFolder: Sendable {
    /// The absolute path.
    package let path: String

    /// - Throws: ``SupportError`` if the folder cannot be made.
    package init(_ name: String = "test") throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        path = "\(base)/opsgate-\(name)-\(UUID().uuidString.prefix(13).lowercased())"
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw SupportError("cannot make the folder \(path): \(error)")
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of something in the folder, whether it exists or not.
    package func file(_ name: String) -> String {
        path + "/" + name
    }

    /// Writes a file, with the folders above it.
    /// - Returns: its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let file = file(name)
        let parent = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        // In one step, so that a program that watches the folder never sees half a file.
        try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        return file
    }

    /// The text of a file in the folder.
    package func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: file(name))), as: UTF8.self)
    }
}
