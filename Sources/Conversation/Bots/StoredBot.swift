// A bot as a row of the store.

import JSON
package import Resources
import YAML

/// What a row says; read like a file.
package struct StoredBot: Sendable, Hashable {
    package let row: Int64
    package let isActive: Bool
    /// By which people know it, and what answers for it.
    let name: String
    let model: String
    /// The members of a bot file.
    private let object: JSONObject
    private let title: String

    package init(_ record: ResourceRecord) {
        row = record.id
        isActive = record.boolean("is_active") ?? true
        name = record.text("name") ?? record.text("bot_id") ?? ""
        model = record.text("model") ?? "default"
        title = "the bot \(record.text("bot_id") ?? "") of the store"
        var object = JSONObject()
        object["id"] = record.text("bot_id").map { .string($0) }
        for name in ["name", "title", "description", "model", "prompt", "prompt_text"] {
            object[name] = record.text(name).map { .string($0) }
        }
        for name in ["tools", "without_approval", "skills", "limits", "options"] { object[name] = record.json(name) }
        self.object = object
    }

    /// - Throws: what is wrong, with the member as its place.
    func read(_ context: BotContext) throws(YAMLFault) -> Bot {
        try BotFile.read(YAMLNode(object, file: title), context: context)
    }
}
