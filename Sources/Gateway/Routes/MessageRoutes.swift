// `POST …/messages` in Anthropic's form, on the same engine as chat completions.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import OpenAIProtocol
import Resources

/// Anthropic's Messages protocol for bots and for model routes of any provider.
///
/// `anthropic-version` and `anthropic-beta` are taken in any value: what a body asks for is read from the body.
struct MessageRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    private static let prefixes = ["/v1", "/api/v1/opspilot/bot_mgmt/v1"]
    static let surface = "messages"

    var routes: [Route] {
        Self.prefixes.flatMap { prefix in
            [
                Route(
                    .post,
                    "\(prefix)/messages",
                    access: .permission(.botUse),
                    style: .anthropic,
                    tag: "Messages",
                    summary: "Create a message with a bot or a model, in Anthropic's form",
                    operation: MessageDescription.message,
                    handler: { try await create($0) }
                ),
                Route(
                    .post,
                    "\(prefix)/messages/count_tokens",
                    access: .permission(.botUse),
                    style: .anthropic,
                    tag: "Messages",
                    summary: "Estimate a message's tokens",
                    operation: MessageDescription.count,
                    handler: { try await count($0) }
                ),
            ]
        }
    }

    private func create(_ request: GatewayRequest) async throws -> Response {
        let message = try MessagesRequest(parsing: try await request.body(limit: ChatRoutes.bodyLimit))
        let turn = launcher.turn(try plan(message, request), for: request)
        let showSteps = turn.plan.showSteps
        let identity = MessageIdentity(model: message.chat.model)
        var ignored = ResponseHeaders()
        ignored.setIgnored(message.chat.ignored)
        let stops = message.stopSequences
        if turn.plan.stream {
            // No model is asked to decide an approval.
            let tokens = turn.plan.command == nil ? message.size.added(turn.plan).estimatedTokens : 0
            let answer = try await launcher.stream(turn, for: request, keepAlive: MessageEncoder.ping) { stream in
                MessageStreamSink(
                    stream: stream,
                    identity: identity,
                    promptTokens: tokens,
                    showSteps: showSteps,
                    stops: stops,
                    requestID: request.id
                )
            }
            return .events(answer, headers: ignored, notes: request.notes)
        }
        let answer = try await launcher.whole(turn, for: request, into: MessageSink(showSteps: showSteps))
        return .json(
            answer.sink.body(identity: identity, stops: stops, usage: answer.usage),
            headers: answer.headers.adding(ignored)
        )
    }

    /// An estimate, four bytes to a token; no model is asked, so nothing is accounted.
    private func count(_ request: GatewayRequest) async throws -> Response {
        let message = try MessagesRequest(
            parsing: try await request.body(limit: ChatRoutes.bodyLimit),
            for: .count
        )
        let plan = try plan(message, request)
        let tokens = message.size.added(plan).estimatedTokens
        var ignored = ResponseHeaders()
        ignored.setIgnored(message.chat.ignored)
        return .json(JSONValue.object(["input_tokens": .integer(tokens)]).bytes, headers: ignored)
    }

    private func plan(_ message: MessagesRequest, _ request: GatewayRequest) throws -> TurnPlan {
        let caller = try request.authenticated()
        request.notes.set { $0.model = message.chat.model }
        let (bot, route) = try services.resolve(model: message.chat.model, for: caller)
        return try TurnPlan(
            request: message.chat,
            bot: bot,
            route: route,
            registry: services.registry,
            caller: caller,
            requestID: request.id,
            surface: Self.surface,
            now: WallClock.system.now()
        )
    }
}
