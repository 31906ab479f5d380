// `POST …/chat/completions` in its three places, and the models beside them.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import OpenAIProtocol
import Providers
import Resources

/// The OpenAI-compatible surface.
struct ChatRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    /// One of the three places; Lobe Chat's differs in showing the tool loop's steps.
    struct Place: Sendable {
        let prefix: String
        let surface: String
        let showSteps: Bool
    }

    static let places = [
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
        let chat = try read(try await request.body(limit: Self.bodyLimit), of: request, place)
        if chat.turn.plan.stream {
            let answer = try await launcher.stream(chat.turn, for: request) { stream in
                ChatStreamSink(
                    stream: stream,
                    identity: chat.identity,
                    includeUsage: chat.includeUsage,
                    showSteps: chat.turn.plan.showSteps
                )
            }
            return .events(answer, headers: chat.ignored, notes: request.notes)
        }
        let answer = try await launcher.whole(chat.turn, for: request)
        return .json(
            answer.sink.completion.body(identity: chat.identity, usage: answer.usage),
            headers: answer.headers.adding(chat.ignored)
        )
    }

    /// What is needed of a request once it has been read.
    private struct Chat {
        let turn: Turn
        let identity: AnswerIdentity
        let includeUsage: Bool
        /// Names the members that have no effect.
        let ignored: ResponseHeaders
    }

    private func read(_ body: [UInt8], of request: GatewayRequest, _ place: Place) throws -> Chat {
        let caller = try request.authenticated()
        let chat = try ChatRequest(parsing: body)
        request.notes.set { $0.model = chat.model }
        let (bot, route) = try services.resolve(model: chat.model, for: caller)
        let now = WallClock.system.now()
        let turn = launcher.turn(
            try TurnPlan(
                request: chat,
                bot: bot,
                route: route,
                registry: services.registry,
                caller: caller,
                requestID: request.id,
                surface: place.surface,
                showSteps: place.showSteps,
                now: now
            ),
            for: request
        )
        var ignored = ResponseHeaders()
        // What an upstream that is addressed does with a vendor's members is its answer's to say.
        ignored.setIgnored((bot == nil ? [] : chat.vendorMembers.map(\.name)) + chat.ignored)
        return Chat(
            turn: turn,
            identity: AnswerIdentity(created: now / 1000, model: chat.model),
            includeUsage: chat.includeUsage,
            ignored: ignored
        )
    }

    // MARK: Models

    private func models(_ request: GatewayRequest) async throws -> Response {
        let cards = cards(for: try request.authenticated())
        return .json((request.isAnthropic ? ModelCard.anthropicPage(cards) : ModelCard.list(cards)).bytes)
    }

    private func model(_ request: GatewayRequest) async throws -> Response {
        let name = request.context.parameters.rest.joined(separator: "/")
        let caller = try request.authenticated()
        if let card = cards(for: caller).first(where: { $0.id == name }) { return told(card, request) }
        if let bot = services.bots.bot(named: name) { return told(card(of: bot, id: name), request) }
        if caller.may(.modelUse), services.turns.router().route(named: name) != nil {
            return told(card(ofRoute: name), request)
        }
        throw OpenAIError.modelNotFound(String(name.prefix(200)))
    }

    private func told(_ card: ModelCard, _ request: GatewayRequest) -> Response {
        .json((request.isAnthropic ? card.anthropic : card.json).bytes)
    }

    private func cards(for caller: Caller) -> [ModelCard] {
        let bots = services.bots.bots.flatMap { bot in
            (bot.id == bot.name ? [bot.name] : [bot.name, bot.id]).map { card(of: bot, id: $0) }
        }
        guard caller.may(.modelUse) else { return bots }
        // A name that a bot has is answered by the bot.
        let routes = services.turns.router().routes.map(\.name).filter { services.bots.bot(named: $0) == nil }
        return bots + routes.map { card(ofRoute: $0) }
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

extension GatewayRequest {
    /// Whether one of Anthropic's SDKs asks, where both kinds share a path.
    fileprivate var isAnthropic: Bool { request.headers[.anthropicVersion] != nil }
}
