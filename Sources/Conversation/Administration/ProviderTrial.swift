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
        let known =
            catalogue.models.filter { !$0.embeds }.map(\.name) + catalogue.routes.flatMap { $0.targets.map(\.model) }
            + catalogue.models.filter(\.embeds).map(\.name)
        return known.first { $0.hasPrefix(prefix) }
            ?? (provider == ModelRouter.offlineProvider ? prefix + "ops" : nil)
    }

    /// What came of the call, whichever kind it was.
    private struct Outcome: Sendable {
        var end: TurnEnd
        var usage = Usage()
        var answeredBy: (RouteTarget, attempts: Int)?
        var text = ""
        /// How long the vector is, where one was asked for.
        var dimensions: Int?
    }

    /// Makes the call and settles it, by a router of its own, which no open breaker and no resting key holds up. Never throws
    /// for what an upstream does: that is the answer.
    package func run(
        _ providers: ProviderStore,
        _ environment: TurnEnvironment,
        caller: Caller,
        requestID: String,
        now: Int64
    ) async throws -> JSONValue {
        // As of now: who is gone, or has other keys, when the answer is there, may still have been asked.
        let hiding = Self.secrets(of: providers.book.catalogue)
        let router = providers.trialRouter(activating: provider)
        guard let found = router.route(named: name) else {
            throw ResourceError.invalid("provider", "cannot be made of its settings")
        }
        // One small call: nothing is asked twice. A route's own targets are still tried one after another.
        let route = ModelRoute(name: found.name, targets: found.targets, retries: 0)
        let environment = environment.routed(by: router)
        let started = ContinuousClock.now
        let outcome: Outcome
        let control: TurnControl
        if route.targets.first.flatMap({ router.profile(of: $0.name) })?.embeds ?? false {
            let run = try vector(route, environment, caller: caller, requestID: requestID)
            control = run.control
            outcome = await patiently {
                let (end, answer) = await run.run()
                guard let answer else { return Outcome(end: end) }
                return Outcome(
                    end: end,
                    usage: answer.list.usage,
                    answeredBy: (answer.target, answer.attempts),
                    dimensions: answer.list.vectors.first?.count
                )
            }
        } else {
            let plan = try plan(route, caller: caller, requestID: requestID, now: now)
            let turn = Turn(plan: plan, environment: environment)
            let sink = CompletionSink(showSteps: false)
            control = turn.control
            outcome = await patiently {
                let (end, usage) = await turn.run(sink)
                return Outcome(end: end, usage: usage, answeredBy: sink.target, text: sink.completion.text)
            }
        }
        try Task.checkCancellation()
        return report(outcome, control, ContinuousClock.now - started, hiding, requestID)
    }

    private func plan(
        _ route: ModelRoute,
        caller: Caller,
        requestID: String,
        now: Int64
    ) throws -> TurnPlan {
        let body: JSONValue = [
            "model": .string(name), "stream": false, "max_tokens": .integer(Int64(Self.answerTokens)),
            "messages": [["role": "user", "content": .string(message)]],
        ]
        return try TurnPlan(
            request: ChatRequest(parsing: body.bytes),
            bot: nil,
            route: route,
            registry: .empty,
            caller: caller,
            requestID: requestID,
            surface: Self.surface,
            now: now
        )
    }

    /// The message as a vector: models that embed do not chat.
    private func vector(
        _ route: ModelRoute,
        _ environment: TurnEnvironment,
        caller: Caller,
        requestID: String
    ) throws -> EmbeddingRun {
        let body: JSONValue = ["model": .string(name), "input": .string(message)]
        return EmbeddingRun(
            try EmbeddingRequest(parsing: body.bytes),
            on: route,
            caller: caller,
            requestID: requestID,
            trace: TraceContext(),
            surface: Self.surface,
            environment: environment
        )
    }

    /// Gives the call up when the patience is over.
    private func patiently(_ call: @escaping @Sendable () async -> Outcome) async -> Outcome {
        await withTaskGroup(of: Void.self, returning: Outcome.self) { group in
            let late = Lateness()
            let task = Task { await call() }
            group.addTask {
                guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
                late.set()
                task.cancel()
            }
            var outcome = await withTaskCancellationHandler {
                await task.value
            } onCancel: {
                task.cancel()
            }
            group.cancelAll()
            if case .cancelled = outcome.end, late.isSet { outcome.end = .failed(Self.timeout) }
            return outcome
        }
    }

    private static let timeout = OpenAIError(
        status: 504,
        message: "The test took longer than \(patience.components.seconds) s and was given up.",
        type: "upstream_error",
        code: "upstream_timeout"
    )

    private func report(
        _ outcome: Outcome,
        _ control: TurnControl,
        _ time: Duration,
        _ secrets: [String],
        _ requestID: String
    ) -> JSONValue {
        func safe(_ text: String) -> JSONValue {
            .string(OutsideText.bounded(secrets.reduce(text) { $0.replacing($1, with: "***") }, 2_000))
        }
        let (end, usage) = (outcome.end, outcome.usage)
        let target = outcome.answeredBy?.0
        let failure = control.failure
        var answer: JSONObject = [
            "status": "ok", "latency_ms": .integer(time.milliseconds), "tested": .string(name),
            "provider": (target?.provider ?? failure?.provider).map { .string($0) } ?? .null,
            "model": target.map { .string($0.model) } ?? .null,
            "attempts": .integer(Int64((outcome.answeredBy ?? control.asked)?.attempts ?? 0)),
            "text": safe(outcome.text), "dimensions": outcome.dimensions.map { .integer(Int64($0)) } ?? .null,
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
