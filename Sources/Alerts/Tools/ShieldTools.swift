// The tools shield_preview and shield_create.

import Identity
import JSON
import Resources
import Storage
import Tools

extension AlertsService {
    var shieldPreviewTool: Tool {
        Tool(
            name: "shield_preview",
            summary: "Counts what a shield with these matchers would hide now and would have hidden in the last day.",
            parameters: ToolSupport.schema(
                [
                    "matchers": ShieldArguments.matchers,
                    "starts_at": ShieldArguments.time("ISO 8601, or a span from now on: 30m, 2h; now when not given."),
                    "ends_at": ShieldArguments.time("ISO 8601, or a span from now on: 30m, 2h, 7d."),
                ],
                required: ["matchers"]
            ),
            permission: .alertsView,
            run: { arguments, context in
                do {
                    let asked = try ShieldArguments(arguments, now: context.now, needsEnd: false)
                    let data = try await self.preview(asked, context)
                    let count = data["open_alerts"]?["would_hide"]?.int ?? 0
                    return ToolResult(
                        data: data,
                        total: count,
                        hint: "Nothing was made. Counted: \(asked.words).".harmless(limit: 600)
                    )
                } catch let fault as FilterFault {
                    return .error(fault.message)
                } catch let error as ResourceError {
                    return ToolSupport.refusal(error)
                }
            }
        )
    }

    var shieldCreateTool: Tool {
        Tool(
            name: "shield_create",
            summary: "Makes a shield: alerts that match are stored and nobody is told of them, until it ends.",
            parameters: ToolSupport.schema(
                [
                    "matchers": ShieldArguments.matchers,
                    "starts_at": ShieldArguments.time("ISO 8601, or a span from now on: 30m, 2h; now when not given."),
                    "ends_at": ShieldArguments.time(
                        "ISO 8601, or a span from now on: 30m, 2h, 7d; within 30 days."
                    ),
                    "comment": ToolSupport.text("Why; kept with the shield."),
                    "name": ToolSupport.text("What people call it; made when not given.", limit: 100),
                ],
                required: ["matchers", "ends_at", "comment"]
            ),
            effect: .write,
            permission: .alertsManage,
            describe: { arguments, context in await self.describeShield(arguments, context) },
            run: { arguments, context in
                do {
                    return try await self.createShield(arguments, context)
                } catch let fault as FilterFault {
                    return .error(fault.message)
                } catch let error as ResourceError {
                    return ToolSupport.refusal(error)
                }
            }
        )
    }

    private func preview(_ asked: ShieldArguments, _ context: ToolCallContext) async throws -> JSONValue {
        guard let team = context.caller.currentTeam else {
            throw ResourceError.invalid("team", "is needed: the caller belongs to no team")
        }
        return try await ShieldPreview(asked.body, team: team, now: context.now).run(database)
    }

    /// With how much it would hide now, since that is what the person has to know.
    private func describeShield(_ arguments: JSONObject, _ context: ToolCallContext) async -> String {
        guard let asked = try? ShieldArguments(arguments, now: context.now, needsEnd: true) else {
            return "Make a shield (its arguments are not complete)."
        }
        var text = "Hide alerts with \(asked.words) until \(asked.endsAt?.text ?? "")"
        if let comment = arguments["comment"]?.string { text += ", since: \"\(comment.harmless(limit: 200))\"" }
        if let data = try? await preview(asked, context), let count = data["open_alerts"]?["matching"]?.int {
            text += ". \(count) open \(count == 1 ? "alert matches" : "alerts match") now"
        }
        return text + "."
    }

    private func createShield(_ arguments: JSONObject, _ context: ToolCallContext) async throws -> ToolResult {
        let asked = try ShieldArguments(arguments, now: context.now, needsEnd: true)
        let comment = arguments["comment"]?.string ?? ""
        guard !comment.allSatisfy(\.isWhitespace) else { return .error("`comment` must say why.") }
        var body = asked.body
        body["description"] = .string(comment.storable)
        let given = (arguments["name"]?.string ?? "").storable
        body["name"] = .string(
            given.allSatisfy(\.isWhitespace)
                ? "By \(context.caller.username), \(Timestamp(milliseconds: context.now).text), "
                    + WebhookSecret.randomText(length: 6) : given
        )
        let made = try await shields.create(body, caller: context.caller)
        let id = Int64(made["id"]?.int ?? 0)
        var data: JSONObject = ["id": .integer(id), "ends_at": asked.endsAt?.json ?? .null]
        do {
            let shield = try await shields.get(id: id, caller: context.caller)
            for name in ["name", "match_rules", "suppression_time", "is_active", "description"] {
                data[name] = shield[name]?.harmless
            }
        } catch {
            data["warning"] = .string("The shield was made, but reading it back failed. Do not repeat the call.")
        }
        return ToolResult(
            data: .object(data),
            total: 1,
            returned: 1,
            link: "\(publicURL)\(ShieldResource.resource.path)/\(id)/"
        )
    }
}

extension JSONValue {
    /// Every text in it made harmless.
    fileprivate var harmless: JSONValue {
        switch self {
        case .string(let text): .string(text.harmless(limit: 1_000))
        case .array(let elements): .array(elements.map(\.harmless))
        case .object(let members): .object(JSONObject(members.map { ($0.key, $0.value.harmless) }))
        default: self
        }
    }
}
