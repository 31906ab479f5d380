// The configuration in force over its changes: layers by origin, adapters that go on.

import HTTPTransport
import Identity
import Testing

@testable import Providers

@Suite struct ProviderStoreTests {
    private func claude(_ name: String, key: String, origin: ConfigurationOrigin = .store) -> ProviderSettings {
        ProviderSettings(name: name, kind: .anthropic, apiKeys: [Secret(key)], origin: origin)
    }

    /// What an adapter has learnt of conversations.
    private func memory(_ store: ProviderStore, _ name: String) throws -> ReplayMemory {
        let provider = try #require(store.book.router.providers[name])
        let child = Mirror(reflecting: provider).children.first { $0.label == "memory" }
        return try #require(child?.value as? ReplayMemory)
    }

    @Test func adaptersWithTheSameSettingsGoOn() async throws {
        let client = try HTTPClient()
        let store = ProviderStore(environment: ProviderCatalogue(), client: client)
        store.replace(.store, with: ProviderCatalogue(providers: [claude("a", key: "1"), claude("b", key: "1")]))
        let (a, b) = (try memory(store, "a"), try memory(store, "b"))
        store.replace(.store, with: ProviderCatalogue(providers: [claude("b", key: "2"), claude("a", key: "1")]))
        let (sameA, otherB) = (try memory(store, "a"), try memory(store, "b"))
        let (isSame, isOther) = (sameA === a, otherB !== b)
        #expect(isSame && isOther)
        store.replace(.file, with: ProviderCatalogue(providers: [claude("c", key: "1", origin: .file)]))
        let stillA = try memory(store, "a")
        let isStill = stillA === a
        #expect(isStill)
        // One that was gone, or was not active, begins anew.
        var resting = claude("a", key: "1")
        resting.isActive = false
        store.replace(.store, with: ProviderCatalogue(providers: [resting]))
        #expect(store.book.router.providers["a"] == nil && store.book.router.providers["b"] == nil)
        store.replace(.store, with: ProviderCatalogue(providers: [claude("a", key: "1")]))
        let newA = try memory(store, "a")
        let isNew = newA !== a
        #expect(isNew)
        await client.shutdown()
    }

    @Test func aTrialsRouterHasAMemoryOfItsOwn() async throws {
        let client = try HTTPClient()
        let store = ProviderStore(environment: ProviderCatalogue(), client: client)
        var resting = claude("a", key: "1")
        resting.isActive = false
        store.replace(.store, with: ProviderCatalogue(providers: [resting]))
        #expect(store.trialRouter().route(named: "a/m") == nil)
        let router = store.trialRouter(activating: "a")
        let isOwn = router.state !== store.book.router.state
        #expect(router.route(named: "a/m") != nil && isOwn)
        #expect(store.book.router.route(named: "a/m") == nil)
        await client.shutdown()
    }
}
