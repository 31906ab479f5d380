// Bots of the store: in force at once, read by the rules of files, after files.

import Identity
import JSON
import Providers
import Resources
import Support
import Testing

@testable import Conversation

@Suite struct StoredBotTests {
    private static let least: JSONObject = ["bot_id": "b-1", "prompt_text": "You are {{bot}}.\nBe brief."]

    private func caller(_ role: Role) -> Caller {
        Caller(userID: 9, username: "\(role)", role: role, teams: [3], credential: Stage.caller.credential)
    }

    @Test(arguments: Engine.allCases) func aBotIsInForceAtOnce(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let node = try await world.node()
            let shelf = node.administration.bots
            let made = try await shelf.make(Self.least)
            #expect(made["name"] == "b-1" && made["in_force"] == true && made["origin"] == "store")
            let bot = try #require(node.bots.bot(named: "b-1"))
            #expect(bot.prompt.source == "You are {{bot}}.\nBe brief." && bot.model == "default")
            #expect(node.bots.bot(addressed: made["id"]?.text ?? "")?.id == "b-1")
            _ = try await shelf.patch(
                "b-1",
                [
                    "name": "helper", "prompt": "ops", "prompt_text": .null, "tools": ["look", "change"],
                    "without_approval": ["change"],
                    "skills": [["id": "s", "prompt_text": "Do it.", "tools": ["look"]]], "limits": ["rounds": 3],
                    "options": ["temperature": 0.5],
                ]
            )
            let changed = try #require(node.bots.bot(named: "helper"))
            #expect(changed.prompt.source == "You are {{bot}}." && changed.withoutApproval == ["change"])
            #expect(changed.skills.map(\.id) == ["s"] && changed.limits.rounds == 3)
            #expect(changed.options.temperature == 0.5)
            #expect(try await shelf.patch("helper", ["is_active": false])["in_force"] == false)
            #expect(node.bots.bot(named: "helper") == nil)
            try await shelf.delete("b-1")
            // A bot file as JSON.
            #expect(try await shelf.make(["id": "b-2", "prompt": "ops"])["bot_id"] == "b-2")
            try await shelf.delete("b-2")
            #expect(try await shelf.all().map { $0["bot_id"] } == ["file-1"])
        }
    }

    @Test func everyBadFieldIsNamed() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let shelf = try await world.node().administration.bots
            try await shelf.make(["bot_id": "taken", "name": "taken-name", "prompt": "ops"])
            for (field, value, expected) in [
                ("bot_id", "a b", "400 bot_id: must be 1 to 64"), ("bot_id", "taken", "409 bot_id: "),
                ("bot_id", "taken-name", "409 bot_id: "), ("name", "taken", "409 name: "),
                ("bot_id", "default", "409 bot_id: is taken by a model route"),
                ("name", "default", "409 name: is taken by a model route"),
                ("bot_id", "17", "400 bot_id: must not be a number"), ("name", "-17", "400 name: must not be a number"),
                ("bot_id", "file-1", "409 bot_id: "), ("name", "file-bot", "409 name: "),
                ("model", "gone", "400 model: "), ("prompt_text", "{{nobody}}", "400 prompt_text: "),
                ("prompt_text", .null, "400 prompt: is missing"), ("prompt", "ops", "400 prompt: "),
                ("tools", ["lok"], "400 tools[0]: "), ("tools", "look", "400 tools: "),
                ("without_approval", ["change"], "400 without_approval[0]: "),
                ("skills", [["prompt": "ops"]], "400 skills[0].id: "),
                ("skills", [["id": "s", "prompt": "gone"]], "400 skills[0].prompt: "),
                ("skills", [["id": "s", "prompt": "ops", "tols": []]], "400 skills[0].tols: "),
                ("limits", ["rounds": 0], "400 limits.rounds: must be from 1 to 50"),
                ("limits", ["rounds": 1.5], "400 limits.rounds: "), ("limits", ["round": 1], "400 limits.round: "),
                ("options", ["temperature": 3], "400 options.temperature: "),
                ("options", ["show_steps": "maybe"], "400 options.show_steps: "), ("nobody", 1, "400 nobody: "),
            ] as [(String, JSONValue, String)] {
                var body = Self.least
                body[field] = value
                let found = await refusal { try await shelf.make(body) }
                #expect(found.hasPrefix(expected), "\(field) \(value.text): \(found)")
            }
            #expect(try await shelf.all([("origin", "store")]).count == 1)
        }
    }

    /// Clients name both in the same place.
    @Test(arguments: Engine.allCases) func botsAndRoutesDoNotTakeOneAnothersNames(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let (one, two) = (try await world.node(), try await world.node())
            try await one.administration.routes.make(["name": "fast", "targets": [["model": "offline/ops"]]])
            var body = Self.least
            body["name"] = "fast"
            // The other node has not seen the route yet.
            #expect(!two.has("fast"))
            #expect(await refusal { try await two.administration.bots.make(body) }.hasPrefix("409 name: "))
            try await one.administration.bots.make(Self.least)
            #expect(
                await refusal { _ = try await two.administration.bots.patch("b-1", ["name": "fast"]) }
                    .hasPrefix("409 name: ")
            )
            for name in ["b-1", "file-1", "file-bot"] {
                let found = await refusal {
                    try await two.administration.routes.make([
                        "name": .string(name), "targets": [["model": "offline/ops"]],
                    ])
                }
                #expect(found.hasPrefix("409 name: is taken by a bot"), "\(name): \(found)")
            }
        }
    }

    /// What another node has stored holds a route, too.
    @Test(arguments: Engine.allCases) func botsOfOtherNodesAreUsers(_ engine: Engine) async throws {
        try await AdministrationWorld.run(engine) { world in
            let one = try await world.node()
            try await one.administration.routes.make(["name": "fast", "targets": [["model": "offline/ops"]]])
            let two = try await world.node()
            var body = Self.least
            body["model"] = "fast"
            try await one.administration.bots.make(body)
            #expect(two.bots.bot(named: "b-1") == nil)
            let used = await refusal { try await two.administration.routes.delete("fast") }
            #expect(used.hasPrefix("409 bots.b-1"), "\(used)")
            _ = try await one.administration.bots.patch("b-1", ["is_active": false])
            try await two.administration.routes.delete("fast")
        }
    }

    @Test func filesWin() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            let shelf = node.administration.bots
            let made = try await shelf.make(Self.least)
            try world.folder.write("id: b-1\nprompt: ops\ntitle: From the file\n", to: "bots/g.yaml")
            #expect(node.bots.reload(force: false))
            #expect(node.bots.bot(named: "b-1")?.title == "From the file")
            let row = try await shelf.get(made["id"])
            #expect(row["in_force"] == false && row["problem"]?.string?.contains("taken") == true)
            let file = try await shelf.get("b-1")
            #expect(file["origin"] == "file" && file["prompt_text"] == "You are {{bot}}.")
            let refused = await refusal { _ = try await shelf.patch("b-1", ["title": "x"]) }
            #expect(refused.hasPrefix("409 ") && refused.contains("bots/g.yaml"), "\(refused)")
            #expect(await refusal { try await shelf.delete(file["id"]) }.contains("bots/g.yaml"))
            // The row under it can go all the same.
            try await shelf.delete(made["id"])
        }
    }

    /// What is told of a bot of a file makes the same bot of the store.
    @Test func allLimitsOfAFileAreTold() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            let limits = "{rounds: 3, requests_per_minute: 7, tokens_per_minute: 900, budget_day: 0.5, budget_month: 0}"
            try world.folder.write("id: g\nprompt: ops\nlimits: \(limits)\n", to: "bots/g.yaml")
            #expect(node.bots.reload(force: false))
            let told = try await node.administration.bots.get("g")["limits"]
            #expect(told?["requests_per_minute"] == 7 && told?["concurrent"] == nil, "\(told?.text ?? "")")
            var body = Self.least
            body["limits"] = told
            try await node.administration.bots.make(body)
            let (file, stored) = (node.bots.bot(named: "g"), node.bots.bot(named: "b-1"))
            #expect(stored?.limits == file?.limits && stored?.limits.rounds == 3)
            #expect(stored?.usageLimits == file?.usageLimits && stored?.usageLimits.budgetDay == 500_000)
        }
    }

    /// A route of the file that came later is a file's, too.
    @Test func routesOfFilesWin() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            let shelf = node.administration.bots
            var body = Self.least
            body["name"] = "fast"
            let made = try await shelf.make(body)
            func file(_ names: String...) {
                let target = TargetSettings(model: "offline/ops")
                let routes = names.map { RouteSettings(name: $0, targets: [target], origin: .file) }
                node.providers.replace(.file, with: ProviderCatalogue(routes: routes))
                _ = node.bots.reload(force: false)
            }
            for name in ["fast", "b-1"] {
                file(name)
                #expect(node.bots.bot(named: "fast") == nil && node.bots.bot(named: "b-1") == nil)
                let row = try await shelf.get(made["id"])
                let problem = "\(name) is a model route of the provider file, which goes before it"
                #expect(row["in_force"] == false && row["problem"]?.string == problem, "\(row.text)")
                #expect(node.bots.storedProblems.map(\.reason) == [problem])
            }
            // Its row can be changed all the same, and answers when the name is free again.
            _ = try await shelf.patch(made["id"], ["title": "Changed"])
            #expect(node.bots.bot(named: "fast") == nil)
            file()
            #expect(node.bots.bot(named: "fast")?.title == "Changed" && node.bots.storedProblems.isEmpty)
            // Between two files the bot is asked first, which is said.
            file("file-bot")
            #expect(node.bots.bot(named: "file-bot")?.id == "file-1")
            #expect(node.bots.clashes.contains { "\($0)".contains("file-bot is a model route") })
        }
    }

    @Test func aRouteSaysThatABotOfAFileHasItsName() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let node = try await world.node()
            let routes = node.administration.routes
            try await routes.make(["name": "g", "targets": [["model": "offline/ops"]]])
            #expect(try await routes.get("g")["problem"] == .null)
            try world.folder.write("id: g\nprompt: ops\n", to: "bots/g.yaml")
            #expect(node.bots.reload(force: false))
            let row = try await routes.get("g")
            #expect(row["in_force"] == true && row["problem"]?.string?.contains("bots/g.yaml") == true, "\(row.text)")
        }
    }

    @Test func whoMay() async throws {
        try await AdministrationWorld.run(.sqlite) { world in
            let shelf = try await world.node().administration.bots
            var body = Self.least
            body["tools"] = ["change"]
            body["without_approval"] = ["change"]
            for role in [Role.operator, .viewer] {
                #expect(await refusal { try await shelf.make(body, by: caller(role)) }.hasPrefix("403"))
            }
            try await shelf.make(body)
            let seen = try #require(try await shelf.all([("bot_id", "b-1")], by: caller(.viewer)).first)
            #expect(seen["name"] == "b-1" && seen["prompt_text"] == nil && seen["without_approval"] == nil)
            #expect(try await shelf.all([("bot_id", "b-1")]).first?["prompt_text"] != nil)
        }
    }
}
