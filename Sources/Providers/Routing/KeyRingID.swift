// Whose keys a ring holds, and where they may go.

/// Names a ring of keys. Besides the provider's name it says where its keys go: a router that is older than the
/// configuration in force still sends to the address of its own time, and must not find the keys there that somebody
/// has entered for another one under the same name since.
package struct KeyRingID: Sendable, Hashable {
    package let provider: String
    private let kind: ProviderKind?
    private let destination: String
    private let origin: ConfigurationOrigin?

    /// One provider has few; a call looks for its own.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(provider)
    }

    /// - Parameter settings: those that an adapter is made of.
    package init(_ settings: ProviderSettings) {
        provider = settings.name
        kind = settings.kind
        destination = settings.destination
        origin = settings.origin
    }

    /// For an adapter that nothing is configured of.
    package init(_ provider: String) {
        self.provider = provider
        kind = nil
        destination = ""
        origin = nil
    }
}
