// Which adapter reads a body: by its content, and by the source's type where the content does not tell.

package import JSON

/// All adapters, in the order in which they are asked. A new sender is a new file and a line here.
package enum AdapterChoice {
    package static let all: [any EventAdapter] = [AlertmanagerAdapter(), SeedEventsAdapter()]

    /// The adapter that a source's type stands for.
    private static let byType: [String: any EventAdapter] = [
        "monitor": SeedEventsAdapter(), "webhook": SeedEventsAdapter(), "prometheus": AlertmanagerAdapter(),
    ]

    /// - Parameter sourceType: decides when its own adapter recognises the body, or when none does.
    package static func adapter(for body: JSONView, sourceType: String) -> any EventAdapter {
        let preferred = byType[sourceType]
        if let preferred, preferred.recognises(body) { return preferred }
        return all.first { $0.recognises(body) } ?? preferred ?? SeedEventsAdapter()
    }
}
