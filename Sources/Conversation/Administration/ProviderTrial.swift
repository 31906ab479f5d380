// One small call of a provider, a model or a route, to see what comes back.

package import Identity
package import JSON
import OpenAIProtocol
package import Providers
package import Resources
import Synchronization
import Tools

/// What is to be tried.
package struct ProviderTrial: Sendable {
    /// The way that stands in the usage row.
    package static let surface = "provider_test"
    /// The whole call, retries included.
    private static let patience: Duration = .seconds(30)
    private static let answerTokens = 32
    private static let longestMessage = 2_000

    private let name: String
    /// A provider that is tried although it may not be active.
    private let provider: String?
    private let message: String

    /// - Parameters:
    ///   - body: one of `route`, `model` (`provider/model`), `provider` (with `model` as the bare name, or the first
    ///     that is known of it); `message`.
    ///   - catalogue: what is in force.
    /// - Throws: `ResourceError.invalid`, the member named.
    package init(_ body: JSONObject, in catalogue: ProviderCatalogue) throws(ResourceError) {
        var texts: [String: String] = [:]
        for (name, value) in body where !value.isNull {
            guard ["provider", "model", "route", "message"].contains(name) else {
                throw .invalid(name, "is not a member of this request")
            }
            guard let text = value.string, !text.isEmpty, text.utf8.count <= Self.longestMessage else {
                throw .invalid(name, "must be a text of 1 to \(Self.longestMessage) bytes")
            }
            texts[name] = text
        }
        message = texts["message"] ?? "Answer with the one word: pong"
        switch (texts["route"], texts["provider"], texts["model"]) {
        case (let route?, nil, nil):
            guard catalogue.routes.contains(where: { $0.name == route }) else {
                throw .invalid("route", "there is no route \(OutsideText.bounded(route, 128))")
            }
            (name, provider) = (route, nil)
        case (nil, let provider?, let model):
            guard Self.isKnown(provider, catalogue) else {
                throw .invalid("provider", "there is no provider \(OutsideText.bounded(provider, 64))")
            }
            guard let target = Self.target(provider, model, catalogue) else {
                throw .invalid("model", "is required: no model of the provider \(provider) is known")
            }
            (name, self.provider) = (target, provider)
        case (nil, nil, let model?):
            guard let parts = TargetSettings(model: model).parts, Self.isKnown(parts.provider, catalogue) else {
                throw .invalid("model", "must be provider/model of a provider that there is")
            }
            (name, provider) = (model, parts.provider)
        case (nil, nil, nil): throw .invalid("", "one of provider, model and route is required")
        case (_?, _, _): throw .invalid("route", "goes without provider and model")
        }
    }

    private static func isKnown(_ provider: String, _ catalogue: ProviderCatalogue) -> Bool {
        provider == ModelRouter.offlineProvider || catalogue.provider(named: provider) != nil
    }

    /// `provider/model`: the model named, else one of which something is known, else one that a route leads to.
    private static func target(_ provider: String, _ model: String?, _ catalogue: ProviderCatalogue) -> String? {
        let prefix = provider + "/"
        if let model { return model.hasPrefix(prefix) ? model : prefix + model }
        let talking = catalogue.models.filter { !$0.embeds }.map(\.name)
        let known = talking + catalogue.routes.flatMap { $0.targets.map(\.model) }
        return known.first { $0.hasPrefix(prefix) }
            ?? (provider == ModelRouter.offlineProvider ? prefix + "ops" : nil)
    }

    /// The call as a plan; its router is one of its own, which no open breaker and no resting key holds up.
    package func plan(
        _ providers: ProviderStore,
        caller: Caller,
        requestID: String,
        now: Int64
    ) throws -> (plan: TurnPlan, router: ModelRouter) {
        let router = providers.trialRouter(activating: provider)
        guard let route = router.route(named: name) else {
            throw ResourceError.invalid("provider", "cannot be made of its settings")
        }
        let body: JSONValue = [
            "model": .string(name), "stream": false, "max_tokens": .integer(Int64(Self.answerTokens)),
            "messages": [["role": "user", "content": .string(message)]],
        ]
        let plan = try TurnPlan(
            request: ChatRequest(parsing: body.bytes),
            bot: nil,
            // One small call: nothing is asked twice. A route's own targets are still tried one after another.
            route: ModelRoute(name: route.name, targets: route.targets, retries: 0),
            registry: .empty,
            caller: caller,
            requestID: requestID,
            surface: Self.surface,
            now: now
        )
        return (plan, router)
    }

    /// Makes the call and settles it. Never throws for what an upstream does: that is the answer.
    package func run(
        _ providers: ProviderStore,
        _ environment: TurnEnvironment,
        caller: Caller,
        requestID: String,
        now: Int64
    ) async throws -> JSONValue {
        // As of now: who is gone, or has other keys, when the answer is there, may still have been asked.
        let hiding = Self.secrets(of: providers.book.catalogue)
        let (plan, router) = try plan(providers, caller: caller, requestID: requestID, now: now)
        let sink = CompletionSink(showSteps: false)
        let turn = Turn(plan: plan, environment: environment.routed(by: router))
        let started = ContinuousClock.now
        let (end, usage) = await withTaskGroup(of: Void.self, returning: (TurnEnd, Usage).self) { group in
            let late = Lateness()
            let task = Task { await turn.run(sink) }
            group.addTask {
                guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
                late.set()
                task.cancel()
            }
            let (end, usage) = await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            group.cancelAll()
            if case .cancelled = end, late.isSet { return (.failed(Self.timeout), usage) }
            return (end, usage)
        }
        try Task.checkCancellation()
        return report(end, usage, sink, turn.control, ContinuousClock.now - started, hiding, requestID)
    }

    private static let timeout = OpenAIError(
        status: 504,
        message: "The test took longer than \(patience.components.seconds) s and was given up.",
        type: "upstream_error",
        code: "upstream_timeout"
    )

    private func report(
        _ end: TurnEnd,
        _ usage: Usage,
        _ sink: CompletionSink,
        _ control: TurnControl,
        _ time: Duration,
        _ secrets: [String],
        _ requestID: String
    ) -> JSONValue {
        func safe(_ text: String) -> JSONValue {
            .string(OutsideText.bounded(secrets.reduce(text) { $0.replacing($1, with: "***") }, 2_000))
        }
        let target = sink.target?.0
        let failure = control.failure
        var answer: JSONObject = [
            "status": "ok", "latency_ms": .integer(time.milliseconds), "tested": .string(name),
            "provider": (target?.provider ?? failure?.provider).map { .string($0) } ?? .null,
            "model": target.map { .string($0.model) } ?? .null,
            "attempts": .integer(Int64((sink.target ?? control.asked)?.attempts ?? 0)),
            "text": safe(sink.completion.text),
            "usage": [
                "prompt_tokens": .integer(Int64(usage.promptTokens)),
                "completion_tokens": .integer(Int64(usage.completionTokens)),
                "total_tokens": .integer(Int64(usage.totalTokens)), "is_estimated": .bool(usage.isEstimated),
            ],
            "error": nil, "request_id": .string(requestID),
        ]
        guard let type = failure.map({ ErrorType($0, isNamedByCaller: true) }) ?? ErrorType(end) else {
            return .object(answer)
        }
        var message = failure?.message ?? ""
        if failure == nil, case .failed(let error) = end { message = error.message }
        answer["status"] = "error"
        answer["error"] = [
            "type": .string(type.rawValue), "kind": failure.map { .string($0.kind.rawValue) } ?? .null,
            "message": safe(message), "status": failure?.status.map { .integer($0) } ?? .null,
            "code": failure?.code.map { safe($0) } ?? .null,
        ]
        return .object(answer)
    }

    /// Texts that an upstream might repeat and nobody is to see; the longest first, since one may be in another.
    static func secrets(of catalogue: ProviderCatalogue) -> [String] {
        catalogue.providers.flatMap { $0.apiKeys.map { $0.reveal() } + $0.headers.values }
            .filter { $0.utf8.count >= 4 }
            .sorted { $0.utf8.count > $1.utf8.count }
    }
}

/// Says that the patience was over.
private final class Lateness: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
