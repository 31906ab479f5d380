// Bots as the ops side sees them: details, and running a skill.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import OpenAIProtocol
import Providers
import Resources
import Tools

/// `bot_mgmt/bot/{id}/get_detail/` and `bot_mgmt/skill_execute/` (seed section 1.2.4).
struct BotRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    private static let prefix = "/api/v1/opspilot/bot_mgmt"

    var routes: [Route] {
        [
            Route(
                .get,
                // The router wants one name for what stands there.
                "\(Self.prefix)/bot/{id}/get_detail/",
                access: .permission(.botUse),
                tag: "Bots",
                summary: "A bot's details",
                operation: BotDescription.detail,
                handler: detail
            ),
            Route(
                .post,
                "\(Self.prefix)/skill_execute/",
                access: .permission(.botUse),
                tag: "Bots",
                summary: "Run a bot's skill",
                operation: BotDescription.execute,
                handler: execute
            ),
        ]
    }

    @Sendable private func detail(_ request: GatewayRequest) async throws -> Response {
        guard let bot = services.bots.bot(addressed: request.parameter("id")) else { throw ResourceError.notFound }
        let caller = try request.authenticated()
        func names(_ patterns: [String]) -> JSONValue {
            .array(
                services.registry.granted(by: patterns).filter { caller.may($0.permission) }.map { .string($0.name) }
            )
        }
        return .success([
            "id": .string(bot.id),
            "name": .string(bot.name),
            "title": .string(bot.title),
            "description": bot.description.map(JSONValue.string) ?? .null,
            "model": .string(bot.model),
            "tools": names(bot.tools),
            "skills": .array(
                bot.skills.map {
                    ["id": .string($0.id), "name": .string($0.name), "tools": names($0.tools)]
                }
            ),
            "limits": .object(Self.limits(bot)),
            "channels": [],
        ])
    }

    private static func limits(_ bot: Bot) -> JSONObject {
        var limits: JSONObject = [
            "rounds": .integer(Int64(bot.limits.rounds)),
            "tool_seconds": .integer(bot.limits.toolTime.components.seconds),
            "turn_seconds": .integer(bot.limits.turnTime.components.seconds),
            "result_bytes": .integer(Int64(bot.limits.resultBytes)),
            "total_result_bytes": .integer(Int64(bot.limits.totalResultBytes)),
        ]
        for (word, value) in bot.usageLimits.json { limits[word] = value }
        return limits
    }

    @Sendable private func execute(_ request: GatewayRequest) async throws -> Response {
        let body = try SkillRequest(try await request.object())
        guard let bot = services.bots.bot(addressed: body.botID) else {
            throw RequestFailure(status: 404, message: "bot not found", errors: [FieldError("bot_id", "is not a bot")])
        }
        guard let skill = bot.skills.first(where: { $0.id == body.skillID || $0.name == body.skillID }) else {
            let known = bot.skills.map(\.id).joined(separator: ", ")
            throw RequestFailure(
                status: 404,
                message: "skill not found",
                errors: [FieldError("skill_id", "is not a skill of \(bot.name); there are: \(known)")]
            )
        }
        guard let route = services.turns.router().route(named: bot.model) else {
            throw RequestFailure(status: 502, message: "The bot's model \(bot.model) is not configured.")
        }
        let plan = try body.plan(
            bot: bot,
            skill: skill,
            route: route,
            registry: services.registry,
            caller: try request.authenticated(),
            requestID: request.id,
            now: WallClock.system.now()
        )
        let answer = try await launcher.whole(launcher.turn(plan, for: request), for: request)
        return .success([
            "content": .string(answer.sink.completion.text),
            "tool_calls": .array(answer.sink.steps.compactMap(Self.call)),
            "citing_knowledge": [],
            "usage": [
                "prompt_tokens": .integer(Int64(answer.usage.promptTokens)),
                "completion_tokens": .integer(Int64(answer.usage.completionTokens)),
                "total_tokens": .integer(Int64(answer.usage.totalTokens)),
            ],
        ])
    }

    /// A call that has ended: `{"id","name","arguments","status","duration_ms"}`.
    private static func call(_ step: ToolStep) -> JSONValue? {
        var call: JSONObject = [
            "id": .string(step.callID), "name": .string(step.name),
            "arguments": (try? JSONValue(parsing: step.arguments)) ?? .string(step.arguments),
        ]
        switch step.phase {
        case .started: return nil
        case .refused(let reason):
            call["status"] = "error"
            call["message"] = .string(reason)
        case .ended(let status, _, let duration):
            call["status"] = .string(status.rawValue)
            call["duration_ms"] = .integer(duration.milliseconds)
        }
        return .object(call)
    }
}
