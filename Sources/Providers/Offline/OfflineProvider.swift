// The provider `offline`: the small rule-based model that is always there.

import OpenAIProtocol

/// The offline model behind the seam of all providers; its model is `offline/ops`.
///
/// It knows tools only from the request, as any model does, so it works for every bot and every caller. It never
/// waits and never fails but for a request that it cannot honour (`ProviderFailure.badRequest`, with the parameter's
/// name): a JSON schema, log probabilities, sound, or messages that are no JSON.
package struct OfflineProvider: ModelProvider {
    package let name: String

    /// The names of its models.
    package static let models = ["ops"]

    package init(name: String = "offline") {
        self.name = name
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        guard Self.models.contains(call.model) else {
            throw ProviderFailure(
                .modelNotFound,
                "The provider '\(name)' has no model '\(call.model)'; it has \(Self.models.joined(separator: ", ")).",
                provider: name
            )
        }
        let reply = try OfflineModel(provider: name).reply(to: call)
        return OfflineRound(
            OfflineEvents.events(reply, stream: call.stream),
            provider: name,
            dropped: call.vendorMembers.map(\.name)
        )
    }
}
