// Providers, models and routes of the store: written, put in force, protected, kept from harm.

import Identity
import JSON
import Providers
import Resources
import Support
import Testing
import YAML

@testable import Conversation

@Suite struct StoredProviderTests {
    private static let key = "sk-hidden-key-of-a-test-0001"
    private static let up: JSONObject = [
        "name": "up", "kind": "openai-compatible", "base_url": "http://127.0.0.1:1/v1/", "api_keys": [.string(key)],
        "headers": ["X-Gate": "hidden-header-value"],
    ]

    @Test(arguments: Engine.allCases) func aProviderIsInForceAtOnceAndItsKeysAreNowhere(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let node = try await world.node()
            let shelf = node.administration.providers
            let made = try await shelf.make(Self.up)
            #expect(node.has("up/m"))
            let settings = node.providers.book.catalogue.provider(named: "up")
            #expect(settings?.apiKeys.map { $0.reveal() } == [Self.key])
            #expect(settings?.headers == ["X-Gate": "hidden-header-value"])
            #expect(settings?.origin == .store && settings?.baseURL == "http://127.0.0.1:1/v1")
            #expect(made["key_count"] == 1 && made["keys"] == ["…0001"] && made["origin"] == "store")
            #expect(made["in_force"] == true && made["problem"] == .null && made["api_keys"] == nil)
            #expect(made["headers"] == ["X-Gate": "******"])
            let seen = try await shelf.all().map { JSONValue.object($0).text }.joined() + made.text
            let stored = try await world.text("model_provider") + world.text("audit_log")
            for text in [seen, stored] { #expect(!text.contains("hidden"), "\(text)") }

            // What was read can be sent back; keys that are not mentioned stay.
            guard case .object(let read) = made else { return }
            var edited = read
            edited["description"] = "changed"
            let put = try await shelf.put(made["id"], edited)
            #expect(put["description"] == "changed" && put["key_count"] == 1)
            #expect(node.providers.book.catalogue.provider(named: "up")?.headers["X-Gate"] == "hidden-header-value")
            #expect(
                try await shelf.patch(made["id"], ["api_keys": ["k1-abcdefghijkl", "k2"]])["keys"] == ["…ijkl", "…"]
            )
            #expect(try await shelf.patch("up", ["api_keys": []])["key_count"] == 0)
            #expect(put["trace"] == true && settings?.sendsTrace == true)
            #expect(try await shelf.patch("up", ["trace": false])["trace"] == false)
            #expect(node.providers.book.catalogue.provider(named: "up")?.sendsTrace == false)
            #expect(try await shelf.patch("up", ["is_active": false])["in_force"] == false)
            #expect(!node.has("up/m"))
            try await shelf.delete("up")
            #expect(await refusal { _ = try await shelf.get("up") } == "404 not found")
            #expect(node.providers.book.catalogue.provider(named: "up") == nil)
        }
    }

    @Test(arguments: Engine.allCases) func tablesFitTheirDeclarations(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            for resource in Administration.resources {
                let problems = try await resource.schemaProblems(world.database)
                #expect(problems.isEmpty, "\(problems)")
            }
        }
    }

    @Test func everyBadFieldIsNamed() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            let (providers, models, routes) = (
                node.administration.providers, node.administration.models, node.administration.routes
            )
            try await providers.make(Self.up)
            func with(_ base: JSONObject, _ name: String, _ value: JSONValue) -> JSONObject {
                var body = base
                body[name] = value
                return body
            }
            var fresh = Self.up
            fresh["name"] = "new"
            let bad: [(String, JSONValue, String)] = [
                ("name", "a b", "400 name: "), ("name", "offline", "400 name: "),
                ("name", "model", "400 name: is a part"), ("name", "route", "400 name: is a part"),
                ("name", "test", "400 name: is a part"), ("name", "12", "400 name: must not be a number"),
                ("name", "-5", "400 name: must not be a number"), ("name", "up", "409 name: "),
                ("name", "", "400 name: "), ("kind", "magic", "400 kind: "), ("kind", .null, "400 kind: "),
                ("base_url", "ftp://x", "400 base_url: "), ("base_url", .null, "400 base_url: is missing"),
                ("base_url", "http://user:pw@host/v1", "400 base_url: must not contain credentials"),
                ("base_url", "http://169.254.169.254/", "400 base_url: must not be a link-local"),
                ("api_keys", "key", "400 api_keys: "), ("api_keys", ["a\nb"], "400 api_keys: "),
                ("api_keys", [""], "400 api_keys: "), ("api_keys", [1], "400 api_keys: "),
                ("headers", ["a b": "x"], "400 headers: "), ("headers", ["X-A": 1], "400 headers.X-A: "),
                ("headers", ["X-A": "******"], "400 headers.X-A: is masked"),
                ("timeouts", ["total": "0s"], "400 timeouts.total: "), ("timeouts", ["all": 1], "400 timeouts.all: "),
                ("timeouts", ["idle": "soon"], "400 timeouts.idle: "), ("deployments", [1], "400 deployments: "),
                ("key_as", "cookie", "400 key_as: "), ("is_active", "yes", "400 is_active: "),
                ("origin", "file", "400 origin: "), ("nobody", 1, "400 nobody: "),
            ]
            for (field, value, expected) in bad {
                let found = await refusal { try await providers.make(with(fresh, field, value)) }
                #expect(found.hasPrefix(expected), "\(field) \(value.text): \(found)")
            }
            let model: JSONObject = ["name": "up/m"]
            for (field, value, expected) in [
                ("name", "m", "400 name: "), ("name", "nobody/m", "400 name: there is no provider"),
                ("context", 0, "400 context: "), ("tools", "some", "400 tools: "),
                ("price", [:], "400 price.input: "), ("price", ["input": "much"], "400 price.input: "),
                ("price", ["input": 1, "inptu": 1], "400 price.inptu: "), ("images", 1, "400 images: "),
            ] as [(String, JSONValue, String)] {
                let found = await refusal { try await models.make(with(model, field, value)) }
                #expect(found.hasPrefix(expected), "\(field) \(value.text): \(found)")
            }
            let route: JSONObject = ["name": "r", "targets": [["model": "up/m"]]]
            for (field, value, expected) in [
                ("name", "a b", "400 name: "), ("targets", [], "400 targets: "), ("targets", "x", "400 targets: "),
                ("targets", [["model": "m"]], "400 targets[0].model: "),
                ("targets", [["model": "up/m"], ["model": "nobody/m"]], "400 targets[1].model: there is no provider"),
                ("targets", [["model": "up/m", "weight": -1]], "400 routes.r.targets[0].weight: "),
                ("targets", [["weight": 1]], "400 targets[0].model: "), ("retries", 11, "400 retries: "),
                ("timeouts", ["total": 0], "400 timeouts.total: "),
            ] as [(String, JSONValue, String)] {
                let found = await refusal { try await routes.make(with(route, field, value)) }
                let wanted = expected.replacing("routes.r.", with: "")
                #expect(found.hasPrefix(wanted), "\(field) \(value.text): \(found)")
            }
            #expect(try await providers.all().count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func whatIsUsedStays(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let node = try await world.node()
            let administration = node.administration
            try await administration.providers.make(Self.up)
            let model = try await administration.models.make([
                "name": "up/m", "context": 1000, "price": ["input": 0.15, "output": 2],
            ])
            #expect(node.providers.book.profile(of: "up/m")?.contextTokens == 1000)
            #expect(node.prices.book.price(of: "up/m")?.input == 150_000)
            let route = try await administration.routes.make(["name": "fast", "targets": [["model": "up/m"]]])
            try await administration.bots.make(["bot_id": "b1", "prompt": "ops", "model": "fast"])
            let refused = await refusal { try await administration.providers.delete("up") }
            #expect(refused.hasPrefix("409 ") && refused.contains("models.up/m") && refused.contains("routes.fast"))
            let used = await refusal { try await administration.routes.delete("fast") }
            #expect(used.hasPrefix("409 bots.b1"), "\(used)")
            try await administration.bots.delete("b1")
            try await administration.routes.delete(route["id"])
            try await administration.models.delete(model["id"])
            try await administration.providers.delete("up")
            #expect(!node.has("fast") && !node.has("up/m") && node.prices.book.price(of: "up/m") == nil)
        }
    }

    @Test func theFileWinsAndIsReadOnly() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let file = ProviderCatalogue(
                providers: [
                    ProviderSettings(
                        name: "up",
                        kind: .openAICompatible,
                        baseURL: "http://file/v1",
                        apiKeys: [Secret("file-hidden-key-9876")],
                        headers: ["X-F": "hidden"],
                        origin: .file
                    )
                ],
                models: [ModelProfile(name: "up/m", price: ModelPrice(input: 150_000, output: 0))],
                routes: [RouteSettings(name: "fast", targets: [TargetSettings(model: "up/m")], origin: .file)]
            )
            let node = try await world.node(file: file)
            let administration = node.administration
            let made = try await administration.providers.make(Self.up)
            #expect(made["in_force"] == false && made["problem"]?.string?.contains("file") == true)
            #expect(node.providers.book.catalogue.provider(named: "up")?.baseURL == "http://file/v1")
            let fixed = try await administration.providers.get("up")
            #expect(fixed["origin"] == "file" && fixed["keys"] == ["…9876"] && fixed["headers"] == ["X-F": "******"])
            #expect(!fixed.text.contains("hidden"))
            #expect(try await administration.providers.get(fixed["id"]) == fixed)
            for shelf in [administration.providers, administration.models, administration.routes] {
                let entry = try #require(try await shelf.all([("origin", "file")]).first)
                #expect((entry["id"]?.int ?? 0) < 0)
                for refused in [
                    await refusal { _ = try await shelf.patch(entry["id"], ["is_active": false]) },
                    await refusal { _ = try await shelf.put(entry["id"], entry) },
                    await refusal { try await shelf.delete(entry["id"]) },
                ] {
                    #expect(refused.hasPrefix("409 ") && refused.contains("/etc/providers.yaml"), "\(refused)")
                }
            }
            // The row can still be changed by its number, and comes into force when the file lets it.
            _ = try await administration.providers.patch(made["id"], ["description": "x"])
            node.providers.replace(.file, with: ProviderCatalogue())
            #expect(node.providers.book.catalogue.provider(named: "up")?.origin == .store)
            #expect(try await administration.providers.get("up")["in_force"] == true)
            let route = try #require(try await administration.routes.all().first)
            #expect(route["name"] == "default" && route["origin"] == "environment")
        }
    }

    /// Names have dots: `gpt-4.1` is no member of `gpt-4`.
    @Test func aFaultIsHeldAgainstNobodyElse() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let before = ProviderCatalogue(
                providers: [
                    ProviderSettings(name: "p", kind: .openAICompatible, baseURL: "http://p/v1", origin: .file)
                ]
            )
            let node = try await world.node(file: before)
            let routes = node.administration.routes
            try await routes.make(["name": "gpt-4.1", "targets": [["model": "p/m"]]])
            node.providers.replace(
                .file,
                with: ProviderCatalogue(
                    routes: [
                        RouteSettings(name: "gpt-4", targets: [TargetSettings(model: "offline/ops")], origin: .file)
                    ]
                )
            )
            #expect(try await routes.get("gpt-4.1")["problem"]?.string?.contains("no provider p") == true)
            let fixed = try await routes.get("gpt-4")
            #expect(fixed["origin"] == "file" && fixed["problem"] == .null)
        }
    }

    @Test(arguments: Engine.allCases) func otherNodesSeeChanges(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let (one, two) = (try await world.node(), try await world.node())
            let watch = Task { await two.administration.watch() }
            defer { watch.cancel() }
            try await one.administration.providers.make(Self.up)
            try await one.administration.bots.make(["bot_id": "b1", "prompt_text": "Hello.", "model": "up/m"])
            _ = try await eventually("the other node has both") {
                two.has("up/m") && two.bots.bot(named: "b1") != nil ? true : nil
            }
            try await one.administration.bots.delete("b1")
            _ = try await eventually("it goes there, too") {
                two.bots.bot(named: "b1") == nil ? true : nil
            }
            // A node that comes later has it from the start.
            #expect(try await world.node().has("up/m"))
        }
    }

    @Test func aRowThatCannotBeOpenedLeavesOutItself() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            try await node.administration.providers.make(Self.up)
            try await node.administration.providers.make([
                "name": "free", "kind": "openai-compatible", "base_url": "http://h/v1",
            ])
            let other = try await world.node(box: .random())
            #expect(!other.has("up/m") && other.has("free/m"))
            let row = try #require(try await other.administration.providers.all([("name", "up")]).first)
            #expect(row["in_force"] == false && row["problem"]?.string?.contains("cannot be opened") == true)
            // The way out: enter it again.
            let mended = try await other.administration.providers.patch("up", ["api_keys": ["k"], "headers": [:]])
            #expect(mended["in_force"] == true && other.has("up/m"))
        }
    }

    /// What is committed is no failure, and the watch puts it in force.
    @Test func aReadThatFailsAfterAWriteIsNotTheWrites() async throws {
        struct Down: Error {}
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            var shelf = node.administration.providers
            shelf.apply = { throw Down() }
            let made = try await shelf.make(Self.up)
            #expect(made["name"] == "up" && made["in_force"] == false && made["key_count"] == 1)
            #expect(!made.text.contains("hidden"))
            #expect(try await shelf.patch(made["id"], ["description": "x"])["description"] == "x")
            #expect(!node.has("up/m"))
            let watch = Task { await node.administration.watch() }
            defer { watch.cancel() }
            _ = try await eventually("it is in force") { node.has("up/m") ? true : nil }
            try await shelf.delete(made["id"])
            _ = try await eventually("it is gone") { node.has("up/m") ? nil : true }
        }
    }

    /// Members of every request: of a provider and of a model, stored, shown, and kept from being what they must not be.
    @Test(arguments: Engine.allCases) func extraMembers(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let node = try await world.node()
            let (providers, models) = (node.administration.providers, node.administration.models)
            var up = Self.up
            up["extra"] = ["enable_thinking": false, "chat_template_kwargs": ["a": [1.50, .null, "${HOME}"]]]
            #expect(try await providers.make(up)["extra"] == up["extra"])
            #expect(node.providers.book.catalogue.provider(named: "up")?.extra == up["extra"]?.object)
            #expect(try await models.make(["name": "up/m", "extra": ["top_k": 5]])["extra"] == ["top_k": 5])
            #expect(node.providers.book.profile(of: "up/m")?.extra == ["top_k": 5])
            #expect(try await models.make(["name": "up/n"])["extra"] == [:])
            up["name"] = "other"
            for (extra, expected) in [
                (["model": "x"], "400 extra.model: "), (["Stream": true], "400 extra.Stream: "), ([1], "400 extra: "),
                (["a": .string(String(repeating: "x", count: 17_000))], "400 extra: "),
            ] as [(JSONValue, String)] {
                up["extra"] = extra
                let body = up
                let found = await refusal { try await providers.make(body) }
                #expect(found.hasPrefix(expected), "\(found)")
            }
            let claude: JSONObject = ["name": "c", "kind": "anthropic", "api_keys": ["key"], "extra": ["top_k": 1]]
            let refused = await refusal { try await providers.make(claude) }
            #expect(refused.hasPrefix("400 extra: is for providers of the kinds"), "\(refused)")
        }
    }

    @Test func extraMembersOfTheFile() throws {
        let text = """
            name: up/m
            extra: {enable_thinking: false, top_k: 20, min_p: 0.10, mode: fast, version: "1", key: "${K}", none: null, list: [a, true]}
            """
        let reader = ProviderReader(origin: .file, environment: ["K": "v"])
        let extra = try reader.model(YAMLNode(parsing: text, file: "f")).extra
        #expect(
            JSONValue.object(extra).text
                == #"{"enable_thinking":false,"top_k":20,"min_p":0.10,"mode":"fast","version":"1","key":"v","none":null,"list":["a",true]}"#
        )
        #expect(throws: YAMLFault.self) {
            try reader.model(YAMLNode(parsing: "{name: up/m, extra: {messages: []}}", file: "f"))
        }
    }

    @Test func aTrialHidesTheLongestSecretsFirst() {
        let catalogue = ProviderCatalogue(
            providers: [
                ProviderSettings(
                    name: "p",
                    kind: .anthropic,
                    apiKeys: [Secret("abcd"), Secret("abcdefgh"), Secret("abc")],
                    headers: ["X": "abcdef"],
                    origin: .store
                )
            ]
        )
        #expect(ProviderTrial.secrets(of: catalogue) == ["abcdefgh", "abcdef", "abcd"])
    }

    @Test func keptKeysDoNotFollowAnotherHost() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let shelf = try await world.node().administration.providers
            let id = try await shelf.make(Self.up)["id"]
            _ = try await shelf.patch(id, ["base_url": "http://127.0.0.1:1/other/v1"])
            let refused = await refusal { _ = try await shelf.patch(id, ["base_url": "http://127.0.0.1:2/v1"]) }
            #expect(refused.contains("api_keys: must be entered again") && refused.contains("headers.X-Gate: must"))
            _ = try await shelf.patch(
                id,
                ["base_url": "http://127.0.0.1:2/v1", "api_keys": ["new"], "headers": ["X-Gate": "new"]]
            )
        }
    }

    @Test func listsHaveTheUsualParameters() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let shelf = try await world.node().administration.providers
            for name in ["b", "a", "c"] {
                try await shelf.make([
                    "name": .string(name), "kind": "openai-compatible", "base_url": "http://\(name)/v1",
                ])
            }
            func names(_ query: [(String, String)]) async throws -> [String] {
                try await shelf.all(query).compactMap { $0["name"]?.string }
            }
            #expect(try await names([]) == ["a", "b", "c"])
            #expect(try await names([("ordering", "-name"), ("page_size", "2")]) == ["c", "b"])
            #expect(try await names([("page", "2"), ("page_size", "2")]) == ["c"])
            #expect(try await names([("search", "/B")]) == ["b"])
            #expect(try await names([("name", "a,c"), ("in_force", "true")]) == ["a", "c"])
            #expect(try await shelf.list(query: [("page_size", "1")], caller: Stage.caller).count == 3)
            for query in [("page", "0"), ("page_size", "1001"), ("ordering", "secret"), ("api_keys", "x")] {
                #expect(await refusal { _ = try await shelf.all([query]) }.hasPrefix("400 \(query.0): "))
            }
            let looker = Caller(
                userID: 8,
                username: "looker",
                role: .operator,
                teams: [3],
                credential: Stage.caller.credential
            )
            #expect(await refusal { _ = try await shelf.all(by: looker) }.hasPrefix("403"))
        }
    }
}
