// What tells that a file is another one than before, without reading it.

import Foundation

/// A file's size, time and place on its disk, for whoever reads a file again when it has changed.
package struct FileStamp: Sendable, Hashable {
    private let size: Int
    private let modified: Date
    private let inode: Int

    /// nil for a file that is not there.
    package init?(of path: String) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        modified = attributes[.modificationDate] as? Date ?? .distantPast
        inode = (attributes[.systemFileNumber] as? NSNumber)?.intValue ?? 0
    }
}
