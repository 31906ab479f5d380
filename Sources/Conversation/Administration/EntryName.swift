// Names under which a stored entry could not be found, or would hide another one.

import Providers
import Resources
import Storage

/// What a name must not be, besides the characters that it is made of. Asked when a name is given, so that entries of
/// earlier versions can still be changed.
enum EntryName {
    /// Parts of paths that stand where a provider's name does: `model_provider_mgmt/model/`.
    static let ofPaths: Set<String> = ["model", "route", "test"]

    /// What is wrong with a name; nil when it can be used. Paths take a number for a row's.
    static func problem(_ name: String, besides words: Set<String> = []) -> String? {
        if words.contains(name) { return "is a part of this API's paths and cannot be a name" }
        let digits = name.hasPrefix("-") ? name.dropFirst() : name[...]
        let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? "must not be a number, which would be taken for an id" : nil
    }

    /// Whether a name is a route's, as of a transaction.
    static func isRoute(_ name: String, _ providers: ProviderStore, _ connection: any SQLConnection) throws -> Bool {
        let fixed = providers.layer(.environment).routes + providers.layer(.file).routes
        if fixed.contains(where: { $0.name == name }) { return true }
        return try !connection.query("SELECT id FROM model_route WHERE name = $1", [.text(name)]).isEmpty
    }

    /// Whether a name is a stored bot's id or name, as of a transaction.
    static func isStoredBot(_ name: String, _ connection: any SQLConnection) throws -> Bool {
        try !connection.query("SELECT id FROM stored_bot WHERE bot_id = $1 OR name = $1", [.text(name)]).isEmpty
    }
}
