// The provider file as people meet it: what it may say, what is told of faults, what stays in force.

import Foundation
import JSON
import Support
import Testing

@Suite struct ProviderFileTests {
    /// Checks one file by itself, as `opsgate provider check` does.
    private func run(
        _ command: String,
        _ text: String,
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        let folder = try TemporaryFolder("provider-file")
        try text.write(toFile: folder.file("p.yaml"), atomically: true, encoding: .utf8)
        let blank = Dictionary(
            uniqueKeysWithValues: [
                "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "AZURE_OPENAI_API_KEY",
                "OLLAMA_HOST",
            ].map { ($0, "") }
        )
        return try await Command.run(
            try BuiltProducts.path("opsgate"),
            ["provider", command, "--providers", "p.yaml", "--data", "data"],
            environment: blank.merging(environment) { $1 },
            folder: folder.path
        )
    }

    private static let a = "providers:\n  - {name: a, kind: openai-compatible, base_url: \"http://a/v1\"}\n"

    @Test(arguments: [
        ("providers: [", "p.yaml:"), ("", "p.yaml"),
        ("provider: []", "p.yaml:1: `provider` is not known; known here are providers, models, routes"),
        ("providers:\n  - {kind: anthropic}", "p.yaml:2: `providers[0].name` is missing"),
        ("providers:\n  - {name: a, kind: magic}", "p.yaml:2: `providers[0].kind` must be one of openai-compatible"),
        ("providers:\n  - {name: a, kind: openai-compatible}", "p.yaml:2: providers.a.base_url: is missing"),
        (
            "providers:\n  - name: a\n    kind: openai-compatible\n    base_url: ftp://x",
            "p.yaml:4: providers.a.base_url: must begin with http"
        ),
        (
            "providers:\n  - name: a\n    kind: anthropic\n    api_keys:\n      - ${NOBODY_SET_THIS}",
            "p.yaml:5: `providers[0].api_keys[0]`: the environment variable NOBODY_SET_THIS is not set"
        ),
        (
            "providers:\n  - {name: a, kind: openai-compatible, base_url: \"${X\"}",
            "p.yaml:2: `providers[0].base_url`: `${` is not closed"
        ),
        (
            "providers:\n  - {name: offline, kind: openai-compatible, base_url: \"http://x\"}",
            "p.yaml:2: providers.offline"
        ),
        (a + "  - {name: a, kind: openai-compatible, base_url: \"http://b\"}", "p.yaml:3: providers.a: is there twice"),
        (a + "models:\n  - {name: m}", "p.yaml:4: models.m: a model is named provider/model"),
        (a + "models:\n  - {name: b/m}", "p.yaml:4: models.b/m: there is no provider b"),
        (a + "models:\n  - {name: a/m, context: many}", "p.yaml:4: `models[0].context` must be a whole number"),
        (a + "models:\n  - {name: a/m, price: {output: 1}}", "p.yaml:4: `models[0].price.input` is missing"),
        (a + "routes:\n  r: {targets: []}", "p.yaml:4: routes.r.targets: a route needs a target"),
        (
            a + "routes:\n  r:\n    targets:\n      - {model: a/m}\n      - {model: b/m}",
            "p.yaml:7: routes.r.targets[1].model: there is no provider b"
        ),
        (
            a + "routes:\n  r: {targets: [{model: m}]}",
            "p.yaml:4: routes.r.targets[0].model: a target is named provider"
        ),
        (
            a + "routes:\n  r: {targets: [{model: a/m, weight: -1}]}",
            "`routes.r.targets[0].weight` must be from 0 to 1000"
        ),
        (a + "routes:\n  r: {targets: [{model: a/m}], retries: 11}", "`routes.r.retries` must be from 0 to 10"),
        (
            "providers:\n  - {name: a, kind: anthropic, trace: perhaps}",
            "p.yaml:2: `providers[0].trace` must be true or false"
        ),
        (
            a + "routes:\n  r: {targets: [{model: a/m}], timeouts: {total: 0s}}",
            "`routes.r.timeouts.total` must be more than nothing"
        ),
        (
            a + "routes:\n  r: {targets: [{model: a/m, conditions: {tools: true}}]}",
            "`routes.r.targets[0].conditions.tools` is not known"
        ),
    ]) func faultsNameTheirLine(_ text: String, _ fault: String) async throws {
        let result = try await run("check", text)
        #expect(!result.status.isSuccess)
        #expect(result.output.contains(fault), "\(result.output)\(result.errors)")
    }

    @Test func keysAndAddressesNeverStandInFaults() async throws {
        let result = try await run(
            "check",
            "providers:\n  - {name: a, kind: openai-compatible, base_url: \"${URL}\", api_keys: [\"${KEY}\"]}",
            environment: ["URL": "user:hidden-password@host", "KEY": "hidden-key\u{1}"]
        )
        #expect(!result.status.isSuccess)
        #expect(!(result.output + result.errors).contains("hidden"))
    }

    @Test func theFileGoesBeforeTheEnvironment() async throws {
        let file = """
            providers:
              - {name: openai, kind: openai-compatible, base_url: "https://proxy.example/v1/", api_keys: ["${K}", two]}
              - {name: spare, kind: openai-compatible, base_url: "https://user:hidden@spare.example/v1", active: false}
            routes:
              fast: {targets: [{model: openai/small, weight: 3}, {model: offline/ops, order: 9}]}
            """
        let environment = ["K": "hidden-one", "OPENAI_API_KEY": "hidden-two", "OLLAMA_HOST": "0.0.0.0"]
        let result = try await run("list", file, environment: environment)
        #expect(result.status.isSuccess, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.contains("provider\topenai\topenai-compatible\thttps://proxy.example/v1\t2 keys\tfile"))
        #expect(lines.contains("provider\tollama\topenai-compatible\thttp://127.0.0.1:11434/v1\t0 keys\tenvironment"))
        #expect(lines.contains("provider\tspare\topenai-compatible\thttps://***@spare.example/v1\tinactive\tfile"))
        #expect(lines.contains { $0.hasPrefix("route\tfast\topenai/small (order 0, weight 3), offline/ops") })
        // The file names no `default`: the environment's stands.
        #expect(lines.contains { $0.hasPrefix("route\tdefault\topenai/gpt-4o-mini") && $0.hasSuffix("environment") })
        #expect(!result.output.contains("hidden"))
        #expect(try await run("check", file, environment: environment).status.isSuccess)
    }

    @Test func everyKindComesFromTheEnvironment() async throws {
        let file = "models: []"
        let all = [
            "ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://a.example/", "ANTHROPIC_MODEL": "claude-x",
            "GEMINI_API_KEY": "k", "GEMINI_BASE_URL": "http://g.example//", "GEMINI_MODEL": "gemini-x",
            "AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_ENDPOINT": "http://z.example/",
            "AZURE_OPENAI_DEPLOYMENT": "dep", "AZURE_OPENAI_API_VERSION": "2024-10-21",
            "OLLAMA_HOST": "box", "OLLAMA_MODEL": "qwen3",
        ]
        let listed = try await run("list", file, environment: all)
        let lines = listed.output.split(separator: "\n").map(String.init)
        for line in [
            "anthropic\tanthropic\thttp://a.example\t1 keys", "gemini\tgemini\thttp://g.example\t1 keys",
            "azure\tazure-openai\thttp://z.example\t1 keys",
            "ollama\topenai-compatible\thttp://box:11434/v1\t0 keys",
        ] { #expect(lines.contains("provider\t\(line)\tenvironment"), "\(line) in \(listed.output)\(listed.errors)") }
        #expect(try await run("check", file, environment: all).status.isSuccess)
        // The first of them has the route; each does when it is alone.
        for (prefix, target) in [
            ("ANTHROPIC", "anthropic/claude-x"), ("GEMINI", "gemini/gemini-x"), ("AZURE", "azure/dep"),
            ("OLLAMA", "ollama/qwen3"),
        ] {
            let alone = all.filter { $0.key.hasPrefix(prefix) }
            let output = try await run("list", file, environment: alone).output
            #expect(output.contains("route\tdefault\t\(target) (order 0, weight 1), offline/ops"), "\(output)")
        }
        #expect(lines.contains { $0.hasPrefix("route\tdefault\tanthropic/claude-x") })
        let homeless = try await run("list", file, environment: ["AZURE_OPENAI_API_KEY": "k"])
        #expect(!homeless.status.isSuccess && homeless.errors.contains("AZURE_OPENAI_ENDPOINT"), "\(homeless.errors)")
    }

    @Test func aFaultKeepsTheLastGoodVersionInForce() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":"hello"}"#)
        let folder = try TemporaryFolder("provider-reload")
        let path = folder.file("providers.yaml")
        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        let good = "providers:\n  - {name: a, kind: openai-compatible, base_url: \"\(upstream.baseURL)\"}\n"
        try write(good + "routes:\n  one: {targets: [{model: a/m}]}\n")
        let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": path])
        #expect(try await gateway.chat("hi", model: "one").status == 200)
        try write(good + "routes:\n  two: {targets: [{model: b/m}]}\n")
        _ = try await gateway.process.waitForLine(containing: "providers.yaml:4: routes.two.targets[0].model")
        #expect(try await gateway.chat("hi", model: "one").status == 200)
        #expect(try await gateway.chat("hi", model: "two").status == 404)
        // Gone for a moment, as when an editor saves it.
        try FileManager.default.removeItem(atPath: path)
        _ = try await gateway.process.waitForLine(containing: "cannot be read")
        #expect(try await gateway.chat("hi", model: "one").status == 200)
        try write(good + "routes:\n  two: {targets: [{model: a/m}]}\n")
        _ = try await eventually("the new route answers") {
            try await gateway.chat("hi", model: "two").status == 200 ? true : nil
        }
        #expect(try await gateway.chat("hi", model: "one").status == 404)
        #expect(try await gateway.chat("hi", model: "default").head["x-opsgate-provider"] == "offline")
        try await gateway.stop()
    }
    /// A fault of a stored entry is not one of the file, also when the names are alike.
    @Test func aStoredEntryDoesNotRefuseTheFile() async throws {
        let upstream = try await ScriptedUpstream.start()
        try await upstream.script(#"{"default":"hello"}"#)
        let folder = try TemporaryFolder("provider-names")
        let path = folder.file("providers.yaml")
        func write(_ provider: String) throws {
            let text = """
                providers:
                  - {name: \(provider), kind: openai-compatible, base_url: "\(upstream.baseURL)"}
                routes:
                  gpt-4: {targets: [{model: \(provider)/m}]}
                """
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        try write("a")
        let gateway = try await Gateway.start(environment: ["OPSGATE_PROVIDERS": path])
        let made = try await gateway.post(
            "/api/v1/opspilot/model_provider_mgmt/route/",
            #"{"name":"gpt-4.1","targets":[{"model":"a/m"}]}"#
        )
        #expect(made.status == 200, "\(made.text)")
        try write("b")
        _ = try await eventually("the file is in force") {
            try await gateway.chat("hi", model: "b/m").status == 200 ? true : nil
        }
        #expect(try await gateway.chat("hi", model: "gpt-4").head["x-opsgate-provider"] == "b")
        try await gateway.stop()
    }
}
