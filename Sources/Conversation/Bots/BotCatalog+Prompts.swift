// Texts of bots and prompts from their files.

import Foundation

extension BotCatalog {
    static func text(of path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// The reader of prompts in a folder. A name with a path in it finds nothing.
    package static func prompts(in folder: String) -> @Sendable (String) -> (path: String, text: String)? {
        { name in
            guard !name.contains("/"), !name.hasPrefix(".") else { return nil }
            let path = "\(folder)/\(name).md"
            return text(of: path).map { (path, $0) }
        }
    }
}
