// `POST …/chat/completions` in its three places, and the models beside them.

import Conversation
import HTTPTypes
import Hummingbird
import Identity
import JSON
import NIOCore
import OpenAIProtocol
import Providers
import Resources

/// The OpenAI-compatible surface.
struct ChatRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    /// One of the three places; Lobe Chat's differs in showing the tool loop's steps.
    private struct Place: Sendable {
        let prefix: String
        let surface: String
        let showSteps: Bool
    }

    private static let places = [
        Place(prefix: "/v1", surface: "chat", showSteps: false),
        Place(prefix: "/api/v1/opspilot/bot_mgmt/v1", surface: "chat", showSteps: false),
        Place(prefix: "/api/v1/opspilot/bot_mgmt/lobe_chat/v1", surface: "lobe_chat", showSteps: true),
    ]

    /// Bytes of a request body at the most.
    static let bodyLimit = 16 << 20

    var routes: [Route] {
        Self.places.flatMap { place in
            [
                Route(
                    .post,
                    "\(place.prefix)/chat/completions",
                    access: .permission(.botUse),
                    style: .openAI,
                    tag: "Chat",
                    summary: "Create a chat completion with a bot or a model",
                    operation: ChatDescription.completion,
                    handler: { try await complete($0, place) }
                ),
                Route(
                    .get,
                    "\(place.prefix)/models",
                    access: .permission(.botUse),
                    style: .openAI,
                    tag: "Chat",
                    summary: "List bots and model routes",
                    operation: ChatDescription.models,
                    handler: { try await models($0) }
                ),
                Route(
                    .get,
                    "\(place.prefix)/models/**",
                    access: .permission(.botUse),
                    style: .openAI,
                    tag: "Chat",
                    summary: "One bot or model route",
                    operation: ChatDescription.model,
                    handler: { try await model($0) }
                ),
            ]
        }
    }

    private func complete(_ request: GatewayRequest, _ place: Place) async throws -> Response {
        let caller = try request.authenticated()
        let chat = try ChatRequest(parsing: try await request.body(limit: Self.bodyLimit))
        request.notes.set { $0.model = chat.model }
        let (bot, route) = try resolve(chat.model, caller)
        let now = WallClock.system.now()
        let plan = try TurnPlan(
            request: chat,
            bot: bot,
            route: route,
            registry: services.registry,
            caller: caller,
            requestID: request.id,
            surface: place.surface,
            showSteps: place.showSteps,
            now: now
        )
        let identity = AnswerIdentity(created: now / 1000, model: chat.model)
        var headers: HTTPFields = [:]
        if !chat.ignored.isEmpty {
            // Enough to find out why something has no effect; a header has its limits.
            let shown = chat.ignored.prefix(20).map(\.headerSafe) + (chat.ignored.count > 20 ? ["..."] : [])
            headers[.ignored] = shown.joined(separator: ", ")
        }
        if chat.stream {
            let (stream, sink) = try await launcher.stream(
                plan,
                identity: identity,
                includeUsage: chat.includeUsage,
                for: request
            )
            Self.name(sink.target, in: &headers)
            return Self.response(stream, headers, request.notes)
        }
        let (sink, usage) = try await launcher.whole(plan, for: request)
        Self.name(sink.target, in: &headers)
        return .json(sink.completion.body(identity: identity, usage: usage), headers: headers)
    }

    /// A bot by id or name; else a model route or `provider/model`, for callers who may.
    private func resolve(_ name: String, _ caller: Caller) throws -> (Bot?, ModelRoute) {
        let router = services.turns.router()
        if let bot = services.bots.bot(named: name) {
            guard let route = router.route(named: bot.model) else {
                throw OpenAIError(
                    status: 502,
                    message: "The bot's model \(bot.model) is not configured.",
                    type: "upstream_error",
                    code: "upstream_error",
                    shouldRetry: false
                )
            }
            return (bot, route)
        }
        guard let route = router.route(named: name) else { throw OpenAIError.modelNotFound(String(name.prefix(200))) }
        guard caller.may(.modelUse) else {
            throw OpenAIError.forbidden(
                "This token has no access to model \(name): the permission \(Permission.modelUse.name) is needed.",
                param: "model"
            )
        }
        return (nil, route)
    }

    private static func name(_ answer: (RouteTarget, attempts: Int)?, in headers: inout HTTPFields) {
        guard let (target, attempts) = answer else { return }
        headers[.provider] = target.provider
        headers[.model] = target.model.headerSafe
        headers[.attempts] = String(attempts)
    }

    private static func response(_ stream: ResponseStream, _ headers: HTTPFields, _ notes: RequestNotes) -> Response {
        var headers = headers
        headers[.contentType] = "text/event-stream"
        headers[.cacheControl] = "no-cache"
        headers[.accelBuffering] = "no"
        notes.set { $0.isStreaming = true }
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody { writer in
                while let bytes = await stream.next() {
                    notes.set { $0.bytes += bytes.count }
                    do {
                        try await writer.write(ByteBuffer(bytes: bytes))
                    } catch {
                        stream.close()
                        throw error
                    }
                }
                try await writer.finish(nil)
            }
        )
    }

    // MARK: Models

    private func models(_ request: GatewayRequest) async throws -> Response {
        .json(ModelCard.list(cards(for: try request.authenticated())).bytes)
    }

    private func model(_ request: GatewayRequest) async throws -> Response {
        let name = request.context.parameters.getCatchAll().joined(separator: "/").removingPercent
        let caller = try request.authenticated()
        if let card = cards(for: caller).first(where: { $0.id == name }) { return .json(card.json.bytes) }
        if let bot = services.bots.bot(named: name) { return .json(card(of: bot, id: name).json.bytes) }
        if caller.may(.modelUse), services.turns.router().route(named: name) != nil {
            return .json(card(ofRoute: name).json.bytes)
        }
        throw OpenAIError.modelNotFound(String(name.prefix(200)))
    }

    private func cards(for caller: Caller) -> [ModelCard] {
        let bots = services.bots.bots.flatMap { bot in
            (bot.id == bot.name ? [bot.name] : [bot.name, bot.id]).map { card(of: bot, id: $0) }
        }
        guard caller.may(.modelUse) else { return bots }
        return bots + services.turns.router().routes.map { card(ofRoute: $0.name) }
    }

    private func card(of bot: Bot, id: String) -> ModelCard {
        var card = card(ofRoute: bot.model)
        card.id = id
        card.displayName = bot.title
        card.description = bot.description
        return card
    }

    private func card(ofRoute name: String) -> ModelCard {
        let router = services.turns.router()
        var card = ModelCard(id: name, created: services.startedAt, displayName: name, vision: true)
        guard let traits = router.route(named: name).map(router.traits) else { return card }
        card.vision = traits.takesImages
        card.functionCall = traits.takesTools
        card.reasoning = traits.reasons
        if let context = traits.contextTokens { card.contextWindowTokens = context }
        return card
    }
}

extension String {
    /// Without what may not stand in a header.
    fileprivate var headerSafe: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F && $0 != "," }.prefix(100)
            )
        )
    }

    fileprivate var removingPercent: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == 0x25, digits.count == 2, let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
