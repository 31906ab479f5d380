// `POST …/responses` in the places of chat, and the responses that are kept.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import OpenAIProtocol
import Providers

/// The Responses surface of the OpenAI protocol, on the same engine as chat.
struct ResponseRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    var routes: [Route] {
        ChatRoutes.places.flatMap { place in
            let path = "\(place.prefix)/responses"
            return [
                route(.post, path, "Create a response with a bot or a model", ResponseDescription.create) {
                    try await create($0, place)
                },
                route(.get, "\(path)/{id}", "A kept response", ResponseDescription.one) { try await retrieve($0) },
                route(.delete, "\(path)/{id}", "Forget a response", ResponseDescription.delete) {
                    try await delete($0)
                },
                route(.get, "\(path)/{id}/input_items", "What a response was asked", ResponseDescription.items) {
                    try await inputItems($0)
                },
            ]
        }
    }

    private func route(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ summary: String,
        _ operation: JSONObject,
        _ handler: @escaping Route.Handler
    ) -> Route {
        Route(
            method,
            path,
            access: .permission(.botUse),
            style: .openAI,
            tag: "Responses",
            summary: summary,
            operation: operation,
            handler: { request in
                do {
                    return try await handler(request)
                } catch let error as OpenAIError {
                    throw error.forResponses
                }
            }
        )
    }

    private func create(_ request: GatewayRequest, _ place: ChatRoutes.Place) async throws -> Response {
        let caller = try request.authenticated()
        var asked = try ResponseRequest(parsing: try await request.body(limit: ChatRoutes.bodyLimit))
        request.notes.set { $0.model = asked.model }
        let (bot, route) = try services.resolve(model: asked.model, for: caller)
        let now = WallClock.system.now()
        let desk = ResponseDesk(store: services.responses, logger: services.logger)
        let history = try await desk.history(of: &asked, caller: caller, now: now)
        let turn = launcher.turn(
            try TurnPlan(
                request: try asked.chat(after: history),
                bot: bot,
                route: route,
                registry: services.registry,
                caller: caller,
                requestID: request.id,
                surface: place.showSteps ? place.surface : "responses",
                showSteps: place.showSteps,
                now: now
            ),
            for: request
        )
        let token = ResponseID.makeToken()
        let document = ResponseDocument(
            id: ResponseID.response(token: token),
            createdAt: now / 1000,
            model: asked.model,
            echo: asked.echo
        )
        let answer = ResponseAnswer(
            document: document,
            token: token,
            showSteps: turn.plan.showSteps,
            isStored: desk.keeps(asked)
        )
        let keep = desk.keeper(of: asked, id: document.id, caller: caller, now: now)
        var ignored = ResponseHeaders()
        ignored.setIgnored(asked.ignored)
        if asked.stream {
            let answered = try await launcher.stream(turn, for: request) { stream in
                ResponseStreamSink(stream: stream, answer: answer, keep: keep)
            }
            return .events(answered, headers: ignored, notes: request.notes)
        }
        let whole = try await launcher.whole(turn, for: request, into: ResponseSink(answer))
        return .json(await whole.sink.body(whole.usage, keep), headers: whole.headers.adding(ignored))
    }

    // MARK: Kept responses

    private func retrieve(_ request: GatewayRequest) async throws -> Response {
        if let stream = request.query.first(where: { $0.0 == "stream" }), stream.1 == "true" {
            throw OpenAIError.invalid("A response that is over is not streamed again.", param: "stream")
        }
        return .json(Array(try await kept(request).body.utf8))
    }

    private func delete(_ request: GatewayRequest) async throws -> Response {
        let caller = try request.authenticated()
        let id = request.parameter("id")
        guard try await services.responses.delete(id, userID: caller.userID) else { throw Self.unknown(id) }
        let answer: JSONValue = ["id": .string(id), "object": "response", "deleted": true]
        return .json(answer.bytes)
    }

    private func inputItems(_ request: GatewayRequest) async throws -> Response {
        let response = try await kept(request)
        let page = try ResponseItemPage(request.query)
        return .json(try page.list(of: response).bytes)
    }

    private func kept(_ request: GatewayRequest) async throws -> StoredResponse {
        let caller = try request.authenticated()
        let id = request.parameter("id")
        let now = WallClock.system.now()
        guard let response = try await services.responses.response(id, userID: caller.userID, now: now) else {
            throw Self.unknown(id)
        }
        return response
    }

    private static func unknown(_ id: String) -> OpenAIError {
        OpenAIError(
            status: 404,
            message: "Response with id '\(id.prefix(100))' not found.",
            type: "invalid_request_error",
            param: "id",
            code: "not_found"
        )
    }
}
