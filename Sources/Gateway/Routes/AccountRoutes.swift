// Login and API secrets (seed sections 1.2.7, 1.2.8 and 3).

import Accounts
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources

/// The doors to the other doors.
struct AccountRoutes: Sendable {
    let services: GatewayServices

    private static let secrets = "/api/v1/base/user_api_secret"

    var routes: [Route] {
        [
            Route(
                .post,
                "/api/v1/core/api/login/",
                access: .anybody,
                tag: "Accounts",
                summary: "Exchange a password for a token",
                operation: AccountDescription.login,
                handler: login
            ),
            Route(
                .post,
                "\(Self.secrets)/generate_api_secret/",
                access: .permission(.secretManage),
                tag: "Accounts",
                summary: "Make an API secret; it is shown this once",
                operation: AccountDescription.generate,
                handler: generate
            ),
            Route(
                .get,
                "\(Self.secrets)/",
                access: .permission(.secretManage),
                tag: "Accounts",
                summary: "List API secrets",
                operation: AccountDescription.list,
                handler: list
            ),
            Route(
                .get,
                "\(Self.secrets)/{id}/",
                access: .permission(.secretManage),
                tag: "Accounts",
                summary: "One API secret",
                operation: AccountDescription.one,
                handler: one
            ),
            Route(
                .delete,
                "\(Self.secrets)/{id}/",
                access: .permission(.secretManage),
                tag: "Accounts",
                summary: "Delete an API secret; it is refused from then on",
                operation: AccountDescription.one,
                handler: delete
            ),
        ]
    }

    @Sendable private func login(_ request: GatewayRequest) async throws -> Response {
        let body = try await request.object(limit: 64 << 10)
        var reader = BodyReader(body, known: ["username", "password", "domain"])
        let username = reader.requiredText("username")
        let password = reader.requiredText("password")
        let domain = reader.text("domain")
        try reader.finish()
        let login = try await services.accounts.login(
            username: username,
            password: Secret(password),
            domain: domain,
            requestID: request.id
        )
        // Not before: people type passwords into the field for the name.
        request.notes.set { $0.caller = login.user.username }
        return .success([
            "token": .string(login.token.reveal()),
            "expires_at": .string(Timestamp(milliseconds: login.expiresAt).text),
            "user": Self.json(login.user.json, times: ["created_at", "updated_at", "last_login_at"]),
        ])
    }

    @Sendable private func generate(_ request: GatewayRequest) async throws -> Response {
        let body = try await request.object(limit: 64 << 10)
        var reader = BodyReader(body, known: ["name", "description", "expires_at"])
        let name = reader.requiredText("name")
        let description = reader.text("description") ?? ""
        let expiresAt = reader.time("expires_at")
        try reader.finish()
        let made = try await services.secrets.generate(
            name: name,
            description: description,
            expiresAt: expiresAt,
            for: try request.authenticated(),
            requestID: request.id
        )
        var data = Self.json(made.record.json, times: Self.times)
        if case .object(var object) = data {
            object["api_secret"] = .string(made.secret.reveal())
            data = .object(object)
        }
        return .success(data)
    }

    @Sendable private func list(_ request: GatewayRequest) async throws -> Response {
        let query = try PageQuery(request.query, known: ["search", "user_id"])
        let userID = try query["user_id"].map { text in
            guard let id = Int64(text) else { throw ResourceError.invalid("user_id", "must be a whole number") }
            return id
        }
        let page = try await services.secrets.list(
            for: try request.authenticated(),
            page: query.page,
            pageSize: query.pageSize,
            userID: userID,
            search: query["search"] ?? ""
        )
        return .success([
            "count": .integer(Int64(page.count)), "page": .integer(Int64(query.page)),
            "page_size": .integer(Int64(query.pageSize)),
            "results": .array(page.results.map { Self.json($0.json, times: Self.times) }),
        ])
    }

    @Sendable private func one(_ request: GatewayRequest) async throws -> Response {
        guard let id = request.identifier() else { throw ResourceError.notFound }
        let record = try await services.secrets.secret(id, for: try request.authenticated())
        return .success(Self.json(record.json, times: Self.times))
    }

    @Sendable private func delete(_ request: GatewayRequest) async throws -> Response {
        guard let id = request.identifier() else { throw ResourceError.notFound }
        try await services.secrets.delete(id, by: try request.authenticated(), requestID: request.id)
        return .success(.null)
    }

    private static let times = ["created_at", "last_used_at", "expires_at"]

    /// The same object with its epoch times as ISO 8601.
    private static func json(_ value: JSONValue, times: [String]) -> JSONValue {
        guard case .object(var object) = value else { return value }
        for name in times {
            if case .number(let number)? = object[name], let milliseconds = number.int {
                object[name] = .string(Timestamp(milliseconds: Int64(milliseconds)).text)
            }
        }
        return .object(object)
    }
}
