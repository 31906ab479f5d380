// What waits for the caller's approval, and the decision by request instead of by chat.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON
import Resources
import Tools

/// `/api/v1/opspilot/approvals/`: for user interfaces that show a button instead of asking for `confirm CODE`.
struct ApprovalRoutes: Sendable {
    let approvals: Approvals

    private static let prefix = "/api/v1/opspilot/approvals"
    /// Bytes of a tool's result in an answer.
    private static let resultBytes = 64_000

    var routes: [Route] {
        [
            Route(
                .get,
                "\(Self.prefix)/",
                access: .permission(.botUse),
                tag: "Approvals",
                summary: "The caller's pending approvals",
                operation: ApprovalDescription.list,
                handler: list
            ),
            Route(
                .post,
                "\(Self.prefix)/{code}/",
                access: .permission(.botUse),
                tag: "Approvals",
                summary: "Approve or reject a pending call",
                operation: ApprovalDescription.decide,
                handler: decide
            ),
        ]
    }

    @Sendable private func list(_ request: GatewayRequest) async throws -> Response {
        let query = try PageQuery(request.query, known: [])
        let (count, pending) = try await approvals.pending(
            for: try request.authenticated(),
            limit: query.pageSize,
            offset: (query.page - 1) * query.pageSize
        )
        return .success([
            "count": .integer(count), "page": .integer(Int64(query.page)),
            "page_size": .integer(Int64(query.pageSize)), "results": .array(pending.map { .object($0.json) }),
        ])
    }

    @Sendable private func decide(_ request: GatewayRequest) async throws -> Response {
        let caller = try request.authenticated()
        let body = try await request.object(limit: 64 << 10)
        var reader = BodyReader(body, known: ["decision"])
        let word = reader.text("decision") ?? ApprovalDecision.approve.rawValue
        try reader.finish()
        guard let decision = ApprovalDecision(rawValue: word) else {
            throw ResourceError.invalid("decision", "must be approve or reject")
        }
        guard let code = ApprovalCode.normalized(request.parameter("code")) else { throw ResourceError.notFound }
        let verdict = try await approvals.decide(code, decision, by: caller, requestID: request.id)
        return .success(try Self.data(verdict))
    }

    /// The answer's data, or the error that a verdict is over HTTP.
    private static func data(_ verdict: ApprovalVerdict) throws -> JSONValue {
        switch verdict {
        case .ran(let approval, let result, let isKnown):
            let isDone = result.status == .ok || result.status == .noData
            var data = approval.json
            data["state"] = isDone ? "done" : "failed"
            data["result"] = try JSONValue(parsing: result.json(limit: resultBytes))
            data["is_known"] = .bool(isKnown)
            return .object(data)
        case .refused(let approval): return .object(approval.json)
        case .unknown: throw ResourceError.notFound
        case .expired: throw RequestFailure(status: 410, message: "the code has expired; nothing was done")
        case .used(let approval):
            throw RequestFailure(status: 409, message: "the code has been used already: \(approval.state.rawValue)")
        case .barred(_, .permission(let name)):
            throw RequestFailure(status: 403, message: "the permission \(name) is missing; nothing was done")
        case .barred(let approval, .withdrawn):
            throw RequestFailure(
                status: 403,
                message: "the bot \(approval.bot) is no longer granted \(approval.tool); nothing was done"
            )
        case .limited(let seconds):
            var failure = RequestFailure(status: 429, message: "too many wrong codes; nothing was done")
            failure.retryAfter = .seconds(seconds)
            throw failure
        }
    }
}

/// What the OpenAPI document says of them.
enum ApprovalDescription {
    private static let approval: JSONObject = [
        "code": ["type": "string"], "state": ["type": "string"], "bot_id": ["type": "string"],
        "skill_id": ["type": ["string", "null"]], "tool": ["type": "string"], "arguments": ["type": "object"],
        "summary": ["type": "string"], "created_at": ["type": "string", "format": "date-time"],
        "expires_at": ["type": "string", "format": "date-time"],
        "decided_at": ["type": ["string", "null"], "format": "date-time"],
    ]

    static let list: JSONObject = [
        "parameters": [
            ["name": "page", "in": "query", "schema": ["type": "integer", "minimum": 1, "default": 1]],
            [
                "name": "page_size", "in": "query",
                "schema": ["type": "integer", "minimum": 1, "maximum": 1000, "default": 20],
            ],
        ],
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": [
                        "count": ["type": "integer"], "page": ["type": "integer"], "page_size": ["type": "integer"],
                        "results": [
                            "type": "array", "items": ["type": "object", "properties": .object(approval)],
                        ],
                    ],
                ],
                "A page of the caller's approvals that wait, oldest first."
            )
        ],
    ]

    static let decide: JSONObject = [
        "description": """
        Decides a call that a bot may make only with a person's approval. The code is in the bot's answer; it works once, \
        for the user who asked, within ten minutes. The call runs with the exact arguments that were shown and with the \
        caller's rights as they are now. Typing `confirm CODE` or `cancel CODE` to the bot does the same.
        """,
        "requestBody": [
            "required": false,
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "additionalProperties": false,
                        "properties": ["decision": ["enum": ["approve", "reject"], "default": "approve"]],
                    ]
                ]
            ],
        ],
        "responses": [
            "200": CommonSchemas.envelope(
                [
                    "type": "object",
                    "properties": .object(
                        JSONObject(
                            approval.members + [
                                (key: "result", value: ["type": "object"]),
                                (key: "is_known", value: ["type": "boolean"]),
                            ]
                        )
                    ),
                ],
                "Decided. After an approval `state` is `done` or `failed`, and `result` is the tool's; `is_known` is "
                    + "false when the tool did not end in time and may have done it all the same."
            ),
            "400": CommonSchemas.envelopeError("`decision` is neither approve nor reject."),
            "403": CommonSchemas.envelopeError("A permission is missing, or the bot is no longer granted the tool."),
            "404": CommonSchemas.envelopeError("There is no such code of the caller's."),
            "409": CommonSchemas.envelopeError("The code has been used."),
            "410": CommonSchemas.envelopeError("The code has expired."),
            "429": CommonSchemas.envelopeError("Too many wrong codes; see `retry-after`."),
        ],
    ]
}
