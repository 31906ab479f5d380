// `skill_execute`: one task for a bot, asked by an automation.

package import Identity
package import JSON
package import OpenAIProtocol
package import Providers
package import Resources
package import Tools

/// The body of `POST …/bot_mgmt/skill_execute/` (seed section 1.2.4; members as in `bklite.md` 1.7).
package struct SkillRequest: Sendable {
    package let botID: String
    package let skillID: String
    package let userMessage: String
    /// Who asks on the other side, e.g. a chat user; taken, so that BlueKing Lite's callers need no change.
    package let senderID: String?
    package let channel: String?
    /// Messages before this one, oldest first.
    package let history: [(role: String, text: String)]

    /// - Throws: `ResourceError.invalid` naming every field that is wrong.
    package init(_ body: JSONObject) throws(ResourceError) {
        var errors: [FieldError] = []
        func text(_ name: String, isRequired: Bool) -> String? {
            switch body[name] {
            case .string(let text) where !text.isEmpty || !isRequired: return text
            case .number(let number): return number.text
            case nil, .null:
                if isRequired { errors.append(FieldError(name, "is required")) }
                return nil
            default:
                errors.append(FieldError(name, isRequired ? "must be a string that is not empty" : "must be a string"))
                return nil
            }
        }
        let known = ["bot_id", "skill_id", "user_message", "sender_id", "chat_history", "channel"]
        for name in body.keys where !known.contains(name) { errors.append(FieldError(name, "is not known")) }
        let botID = text("bot_id", isRequired: true)
        let skillID = text("skill_id", isRequired: true)
        let message = text("user_message", isRequired: true)
        senderID = text("sender_id", isRequired: false)
        channel = text("channel", isRequired: false)
        var history: [(role: String, text: String)] = []
        switch body["chat_history"] {
        case nil, .null: break
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let message = Self.message(element) {
                    history.append(message)
                } else {
                    errors.append(
                        FieldError(
                            "chat_history[\(index)]",
                            "must be an object with role and content (or event and text)"
                        )
                    )
                }
            }
        default: errors.append(FieldError("chat_history", "must be a list"))
        }
        guard errors.isEmpty, let botID, let skillID, let message else { throw .invalid(errors) }
        self.botID = botID
        self.skillID = skillID
        userMessage = message
        self.history = history
    }

    /// Both the OpenAI form and BlueKing Lite's (`event: user | bot`, `text` or `message`) are understood.
    private static func message(_ value: JSONValue) -> (role: String, text: String)? {
        guard let role = value["role"]?.string ?? value["event"]?.string,
            let text = value["content"]?.string ?? value["text"]?.string ?? value["message"]?.string
        else { return nil }
        switch role {
        case "user": return ("user", text)
        case "assistant", "bot": return ("assistant", text)
        default: return nil
        }
    }

    /// The conversation as message objects, comma-joined.
    private var messages: [UInt8] {
        var bytes: [UInt8] = []
        for message in history + [(role: "user", text: userMessage)] {
            if !bytes.isEmpty { bytes.append(0x2C) }
            bytes += JSONValue.object(["role": .string(message.role), "content": .string(message.text)]).bytes
        }
        return bytes
    }

    /// The turn that runs the skill: the skill's prompt behind the bot's, and only the tools that both are granted.
    package func plan(
        bot: Bot,
        skill: Skill,
        route: ModelRoute,
        registry: ToolRegistry,
        caller: Caller,
        requestID: String,
        now: Int64
    ) throws(OpenAIError) -> TurnPlan {
        let body =
            Array("{\"model\":\(JSONValue.string(bot.id).text),\"messages\":[".utf8) + messages + Array("]}".utf8)
        var plan = try TurnPlan(
            request: try ChatRequest(parsing: body),
            bot: bot,
            route: route,
            registry: registry,
            caller: caller,
            requestID: requestID,
            surface: "skill_execute",
            now: now
        )
        let granted = Set(registry.granted(by: skill.tools).map(\.name))
        plan.tools = plan.tools.filter { granted.contains($0.name) }
        plan.skill = skill.id
        plan.withoutApproval.formUnion(skill.withoutApproval)
        plan.systemPrompt = [bot.prompt, skill.prompt]
            .map { TurnPlan.render($0, bot: bot, tools: plan.tools, caller: caller, now: now) }
            .joined(separator: "\n\n")
        return plan
    }
}
