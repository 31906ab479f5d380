// Keys go where they were meant to go, also while the configuration changes under a call.

import HTTPTransport
import Identity
import Synchronization
import Testing

@testable import Providers

@Suite struct KeyDestinationTests {
    private func openai(_ url: String, keys: [String], origin: ConfigurationOrigin) -> ProviderSettings {
        ProviderSettings(
            name: "openai",
            kind: .openAICompatible,
            baseURL: url,
            apiKeys: keys.map { Secret($0) },
            origin: origin
        )
    }

    private final class Holder: Sendable {
        let store = Mutex<ProviderStore?>(nil)
    }

    /// Whoever may store providers could otherwise hide the environment's one for a moment, and have its key sent to a
    /// host of his own.
    @Test(arguments: [[], ["stored-key-000001"]])
    func aProviderThatChangesDuringAPauseKeepsItsKeyFromTheOldHost(storedKeys: [String]) async throws {
        let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let other = try TinyServer(busy)
        let client = try HTTPClient()
        let holder = Holder()
        let clock = HandClock()
        var environment = clock.environment()
        environment.pause = { time in
            holder.store.withLock { $0?.replace(.store, with: ProviderCatalogue()) }
            clock.advance(time)
        }
        let routing = RoutingState(environment: environment)
        let own = openai("https://api.openai.invalid/v1", keys: ["environment-key-1"], origin: .environment)
        let store = ProviderStore(
            environment: ProviderCatalogue(providers: [own]),
            client: client,
            routing: routing
        )
        holder.store.withLock { $0 = store }
        let stored = openai("http://127.0.0.1:\(other.port)/v1", keys: storedKeys, origin: .store)
        store.replace(.store, with: ProviderCatalogue(providers: [stored]))
        let router = store.book.router
        let route = try #require(router.route(named: "openai/m"))
        let call = ModelCall(model: "", messages: [], stream: true, requestID: "r")
        await #expect(throws: ProviderFailure.self) { try await router.start(call, on: route, standIn: false) }
        #expect(store.book.catalogue.provider(named: "openai")?.origin == .environment)
        #expect(store.usableKeys(of: "openai") == 1)
        #expect(other.requests.count == 2)
        #expect(!other.requests.contains { $0.contains("environment-key-1") })
        // What it was made with is its own.
        let shown = other.requests.count { $0.contains("stored-key-000001") }
        #expect(shown == (storedKeys.isEmpty ? 0 : 2))
        await client.shutdown()
    }

    /// An address of the store may be a name that leads to a metadata service when it is used.
    @Test(arguments: ProviderKind.allCases.filter { $0 != .offline }) func storedProvidersDoNotCallLinkLocalAddresses(
        _ kind: ProviderKind
    ) async throws {
        let client = try HTTPClient()
        for stream in [true, false] {
            var settings = ProviderSettings(
                name: "p",
                kind: kind,
                baseURL: "http://169.254.1.1:9/v1",
                apiKeys: [Secret("k")],
                origin: .store
            )
            let provider = ProviderFactory.make(settings, client: client)
            let call = ModelCall(model: "m", messages: [], stream: stream, requestID: "r")
            let failure = await #expect(throws: ProviderFailure.self) { try await provider.start(call) }
            #expect(failure?.kind == .misconfigured, "\(failure?.message ?? "")")
            // This one tries.
            settings.timeouts = TimeoutSettings(connect: .milliseconds(300))
            let file = ProviderFactory.make(settings.from(.file), client: client)
            let other = await #expect(throws: ProviderFailure.self) { try await file.start(call) }
            #expect(other.map { $0.kind != .misconfigured } == true)
        }
        await client.shutdown()
    }

    @Test func whatWasLearntOfKeysStaysWhereTheyGoToTheSamePlace() {
        let state = RoutingState(environment: HandClock().environment())
        let target = RouteTarget(provider: "openai", model: "m")
        let first = openai("https://One.example/v1", keys: ["a", "b"], origin: .store)
        var moved = first
        moved.baseURL = "https://two.example/v1"
        var same = first
        same.baseURL = "https://one.example/v2"
        state.adopt(keys: [KeyRingID(first): first.apiKeys])
        guard case .key(let id, _) = state.pickKey(of: KeyRingID(first), for: target) else {
            Issue.record("no key")
            return
        }
        state.learn(failed(.unauthorized, status: 401), ofKey: id, of: KeyRingID(first), for: target)
        #expect(state.usableKeys(of: KeyRingID(first)) == 1)
        state.adopt(keys: [KeyRingID(same): same.apiKeys])
        #expect(state.usableKeys(of: KeyRingID(same)) == 1)
        state.adopt(keys: [KeyRingID(moved): moved.apiKeys])
        #expect(state.usableKeys(of: KeyRingID(moved)) == 2)
        #expect(state.usableKeys(of: KeyRingID(first)) == nil)
        #expect(!state.hasKey(of: KeyRingID(first), for: target, besides: []))
    }
}

extension ProviderSettings {
    fileprivate func from(_ origin: ConfigurationOrigin) -> ProviderSettings {
        var settings = self
        settings.origin = origin
        return settings
    }
}
