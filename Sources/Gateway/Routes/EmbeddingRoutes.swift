// `POST …/embeddings` in OpenAI's form.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import OpenAIProtocol
import Providers

/// Embeddings of model routes and of `provider/model`; bots have none.
struct EmbeddingRoutes: Sendable {
    let services: GatewayServices
    let launcher: TurnLauncher

    private static let prefixes = ["/v1", "/api/v1/opspilot/bot_mgmt/v1"]
    static let surface = "embeddings"

    var routes: [Route] {
        Self.prefixes.map { prefix in
            Route(
                .post,
                "\(prefix)/embeddings",
                access: .permission(.botUse),
                style: .openAI,
                tag: "Embeddings",
                summary: "Create embeddings with a model",
                operation: EmbeddingDescription.create,
                handler: { try await create($0) }
            )
        }
    }

    private func create(_ request: GatewayRequest) async throws -> Response {
        let caller = try request.authenticated()
        let body = try EmbeddingRequest(parsing: try await request.body(limit: ChatRoutes.bodyLimit))
        request.notes.set { $0.model = body.model }
        let (bot, route) = try services.resolve(model: body.model, for: caller)
        guard bot == nil, services.turns.router().embeds(route) else {
            let what = bot == nil ? "model" : "bot"
            throw OpenAIError.invalid(
                "The \(what) `\(body.model)` has no embeddings; name a model route or provider/model that has.",
                param: "model",
                code: "model_not_supported"
            )
        }
        let run = EmbeddingRun(
            body,
            on: route,
            caller: caller,
            requestID: request.id,
            trace: request.context.trace,
            surface: Self.surface,
            environment: services.turns
        )
        let (answer, headers) = try await launcher.embeddings(run, for: request)
        var ignored = ResponseHeaders()
        ignored.setIgnored(body.ignored + answer.dropped)
        return .json(answer.list.body(body.encoding), headers: headers.adding(ignored))
    }
}
