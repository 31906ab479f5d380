// Who gets in, by which header, and who does not.

import JSON
import Support
import Testing

@Suite struct CredentialTests {
    @Test func everyFormOfCredentialOpensEveryDoor() async throws {
        let gateway = try await Gateway.start()
        let login = try await gateway.post(
            "/api/v1/core/api/login/",
            #"{"username":"admin","password":"\#(gateway.password)","domain":"domain.com"}"#,
            headers: []
        )
        #expect(login.status == 200, "\(login.text)")
        let data = try login.json["data"]
        let token = data?["token"]?.string ?? ""
        #expect(data?["user"]?["username"]?.string == "admin")
        #expect(data?["expires_at"]?.string?.hasSuffix("Z") == true)
        for headers in [
            [("Authorization", "Bearer \(gateway.secret)")], [("Authorization", "Bearer \(token)")],
            [("Authorization", "Basic \(token)")], [("Api-Authorization", gateway.secret)],
            [("x-api-key", gateway.secret)],
        ] {
            for path in ["/v1/models", "/api/v1/alerts/api/alerts/", "/api/v1/base/user_api_secret/"] {
                let answer = try await gateway.get(path, headers: headers)
                #expect(answer.status == 200, "\(path) with \(headers[0].0)")
            }
        }
        try await gateway.stop()
    }

    @Test func nothingButHealthLoginAndTheWebhookIsOpen() async throws {
        let gateway = try await Gateway.start()
        let document = try await gateway.get("/api/v1/openapi.json").json
        var open: [String] = []
        for (path, item) in document["paths"]?.object ?? [:] {
            for (method, operation) in item.object ?? [:] where method != "parameters" {
                if operation["security"]?.array?.isEmpty ?? true { open.append("\(method) \(path)") }
                let target = path.replacing("{id}", with: "1").replacing("{bot_id}", with: "ops-bot-001")
                let answer = try await HTTPProbe.ask(
                    method.uppercased(),
                    port: gateway.port,
                    target,
                    body: Array("{}".utf8)
                )
                let isDoor = ["/api/v1/core/health/", "/api/v1/core/api/login/"].contains(path)
                #expect(isDoor || answer.status == 401, "\(method) \(path) answered \(answer.status)")
            }
        }
        #expect(open.sorted() == ["get /api/v1/core/health/", "post /api/v1/core/api/login/"])
        try await gateway.stop()
    }

    @Test func everyReferenceOfTheDocumentLeadsSomewhere() async throws {
        let gateway = try await Gateway.start()
        let document = try await gateway.get("/api/v1/openapi.json").json
        let schemas = Set(document["components"]?["schemas"]?.object?.keys ?? [])
        var seen = 0
        func walk(_ value: JSONValue) {
            switch value {
            case .array(let elements): elements.forEach(walk)
            case .object(let object):
                if let reference = object["$ref"]?.string {
                    seen += 1
                    let name = reference.split(separator: "/").last.map(String.init) ?? ""
                    #expect(schemas.contains(name), "\(reference)")
                }
                for (_, member) in object { walk(member) }
            default: return
            }
        }
        walk(document)
        #expect(seen > 10)
        // What people write is described where they look it up, and as the command line prints it.
        for (path, member) in [
            ("alerts/api/shield", "suppression_time"), ("alerts/api/assignment", "notify_channels"),
            ("alerts/api/aggregation_rule", "window_type"), ("alerts/api/correlation_rule", "within"),
            ("alerts/api/level", "aliases"), ("alerts/api/incident", "root_alert"),
            ("system_mgmt/channel", "channel_type"), ("system_mgmt/notification", "transition"),
        ] {
            #expect(document["paths"]?["/api/v1/\(path)/"] != nil, "\(path)")
            let isDescribed = document["components"]?["schemas"]?.text.contains("\"\(member)\"") == true
            #expect(isDescribed, "\(path): \(member)")
        }
        let printed = try await gateway.command(["openapi"])
        #expect(try JSONValue(parsing: printed.output) == document)
        try await gateway.stop()
    }

    @Test func secretsAreMadeShownOnceListedAndRevoked() async throws {
        let gateway = try await Gateway.start()
        let made = try await gateway.post(
            "/api/v1/base/user_api_secret/generate_api_secret/",
            #"{"name":"third party","description":"for tests"}"#
        )
        #expect(made.status == 200, "\(made.text)")
        let data = try made.json["data"]
        let secret = data?["api_secret"]?.string ?? ""
        let id = data?["id"]?.int ?? 0
        #expect(secret.hasPrefix("bkls_"))
        #expect(data?["created_at"]?.string?.hasSuffix("Z") == true)
        let headers = [("Authorization", "Bearer \(secret)")]
        #expect(try await gateway.get("/v1/models", headers: headers).status == 200)
        let list = try await gateway.get("/api/v1/base/user_api_secret/")
        #expect(!list.text.contains(secret))
        #expect(try list.json["data"]?["count"]?.int == 2)
        let removed = try await HTTPProbe.ask(
            "DELETE",
            port: gateway.port,
            "/api/v1/base/user_api_secret/\(id)/",
            headers: [gateway.authorization]
        )
        #expect(removed.status == 200)
        #expect(try await gateway.get("/v1/models", headers: headers).status == 401)
        #expect(!gateway.process.output.contains(secret))
        let stored = try await gateway.sql("SELECT * FROM api_secrets")
        #expect(!"\(stored)".contains(secret))
        try await gateway.stop()
    }

    @Test func viewersTalkToBotsButNotToModelsAndChangeNothing() async throws {
        let gateway = try await Gateway.start(arguments: ["--demo"])
        let created = try await gateway.command(["user", "create", "vera"], input: "a long enough password\n")
        #expect(created.status.isSuccess, "\(created.output)")
        let secret = try await gateway.command(["secret", "create", "vera's", "--user", "vera"])
        let headers = [("Authorization", "Bearer \(secret.output.split(separator: "\n").last ?? "")")]
        let toBot = try await gateway.post("/v1/chat/completions", Gateway.body("what is firing?"), headers: headers)
        #expect(toBot.status == 200, "\(toBot.text)")
        let toModel = try await gateway.post(
            "/v1/chat/completions",
            Gateway.body("x", model: "default"),
            headers: headers
        )
        #expect(toModel.status == 403)
        #expect(try toModel.json["error"]?["code"]?.string == "permission_denied")
        let source = try await gateway.post(
            "/api/v1/alerts/api/alert_source/",
            #"{"name":"n","source_type":"webhook"}"#,
            headers: headers
        )
        #expect(source.status == 403)
        #expect(try source.json["code"]?.int == 403)
        let models = try await gateway.get("/v1/models", headers: headers)
        #expect(!models.text.contains("\"default\""))
        try await gateway.stop()
    }
}
