// Everything that a turn needs, around a scripted model: a store in a temporary folder, a bot, a caller.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Support
import Synchronization
import Testing
import Tools

@testable import Conversation

/// The engines that tests of the store run against.
enum Engine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite
    case postgresql

    var testDescription: String { rawValue }
}

/// A stage for turns. Ends with `close`, which `withStage` sees to.
final class Stage: Sendable {
    private let folder: TemporaryFolder
    let database: any Database
    let recorder: UsageRecorder
    let environment: TurnEnvironment

    /// - Parameters:
    ///   - tools: what the program has, for calls that are approved.
    ///   - bot: the bot in force, for the same.
    ///   - limits: those in force, by the engine that fits the store.
    init(
        _ model: any ModelProvider,
        on engine: Engine = .sqlite,
        tools: [Tool] = [],
        bot: Bot? = nil,
        clock: WallClock = .system,
        logger given: Logger? = nil,
        limits book: LimitBook = LimitBook(),
        prices: PriceBook = .empty
    ) async throws {
        folder = try TemporaryFolder("conversation")
        let url =
            switch engine {
            case .sqlite: "sqlite:///\(folder.file("store.db"))"
            case .postgresql: try await PostgreSQLServer.shared().makeDatabase() + "?connections=4"
            }
        database = try await DatabaseURL.open(url)
        try await Migrator(IdentitySchema.migrations + ConversationSchema.migrations).migrate(database)
        let logger = given ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        recorder = UsageRecorder(database: database, logger: logger)
        let limits = Limits(limiter: Stage.limiter(for: database, logger: logger), database: database, logger: logger)
        try await limits.use(book)
        let router = ModelRouter(providers: [model], routes: [Stage.route])
        environment = TurnEnvironment(
            router: { router },
            recorder: recorder,
            held: HeldRounds(database: database),
            approvals: Approvals(
                database: database,
                registry: try ToolRegistry(tools),
                bot: { $0 == bot?.id ? bot : nil },
                audit: AuditLog(),
                logger: logger,
                clock: clock
            ),
            prices: { prices },
            limits: limits,
            logger: logger
        )
    }

    /// The rows written so far.
    func usage() async throws -> [SQLRow] {
        await recorder.drain()
        return try await database.read { try $0.query("SELECT * FROM usage_record ORDER BY id", []) }
    }

    /// How the turns so far ended, by their rows.
    func outcomes() async throws -> [String] { try await usage().map { try $0.text("outcome") } }

    /// The engine that fits the store. Nobody here says that a node lives, so its word holds for longer than any test.
    static func limiter(for database: any Database, logger: Logger) -> any Limiter {
        guard database.dialect == .postgresql else { return Limits.limiter(for: database, logger: logger) }
        return SharedLimiter(database: database, logger: logger, lifetime: .seconds(3600))
    }

    static let route = ModelRoute(name: "default", targets: [RouteTarget(provider: "up", model: "model-1")])

    static let caller = Caller(
        userID: 7,
        username: "ann",
        role: .administrator,
        teams: [3],
        credential: CredentialReference(kind: .apiSecret, id: 11, name: "key")
    )

    /// Runs a turn to its end.
    func run(
        _ plan: TurnPlan,
        _ listener: Listener = Listener(),
        control: TurnControl = TurnControl()
    ) async -> (end: TurnEnd, usage: Usage) {
        await Turn(plan: plan, environment: environment, control: control).run(listener)
    }
}

/// Runs `body` on a stage and tidies up.
func withStage(
    _ model: any ModelProvider,
    on engine: Engine = .sqlite,
    tools: [Tool] = [],
    bot: Bot? = nil,
    clock: WallClock = .system,
    logger: Logger? = nil,
    limits: LimitBook = LimitBook(),
    prices: PriceBook = .empty,
    _ body: (Stage) async throws -> Void
) async throws {
    let stage = try await Stage(
        model,
        on: engine,
        tools: tools,
        bot: bot,
        clock: clock,
        logger: logger,
        limits: limits,
        prices: prices
    )
    do {
        try await body(stage)
    } catch {
        await stage.database.close()
        throw error
    }
    await stage.database.close()
}

extension TurnLimits {
    /// With times that nothing here exceeds for a slow machine's sake.
    static var patient: TurnLimits {
        var limits = TurnLimits()
        (limits.toolTime, limits.turnTime) = (.seconds(600), .seconds(3600))
        return limits
    }
}

extension ToolBudget {
    static var patient: ToolBudget { ToolBudget(time: .seconds(600)) }
}

/// A bot with these tools and limits.
func bot(_ tools: [String] = ["*"], limits: TurnLimits = .patient, options: Bot.Options = .init()) throws -> Bot {
    Bot(
        id: "bot-1",
        name: "test-bot",
        title: "Test",
        description: nil,
        model: "default",
        prompt: try PromptTemplate("You are {{bot}}."),
        tools: tools,
        skills: [],
        limits: limits,
        options: options
    )
}

/// A plan for one question, with these further members of the request.
func plan(
    _ members: String = "",
    messages: String = #"{"role":"user","content":"hi"}"#,
    bot: Bot?,
    tools: [Tool] = [],
    caller: Caller = Stage.caller
) throws -> TurnPlan {
    let rest = members.isEmpty ? "" : ",\(members)"
    return try TurnPlan(
        request: ChatRequest(parsing: Array("{\"model\":\"test-bot\",\"messages\":[\(messages)]\(rest)}".utf8)),
        bot: bot,
        route: Stage.route,
        registry: ToolRegistry(tools),
        caller: caller,
        requestID: "req-1",
        surface: "chat",
        now: 1_700_000_000_000
    )
}

/// A tool that takes anything.
func tool(
    _ name: String,
    budget: ToolBudget = .patient,
    permission: Permission = .alertsView,
    run: @escaping @Sendable (JSONObject, ToolCallContext) async throws -> ToolResult = { _, _ in
        ToolResult(data: "done")
    }
) -> Tool {
    Tool(
        name: name,
        summary: "Does \(name).",
        parameters: ["type": "object", "properties": ["x": ["type": "integer"]], "additionalProperties": false],
        permission: permission,
        budget: budget,
        run: run
    )
}

/// A tool of the client.
let clientTools = #""tools":[{"type":"function","function":{"name":"theirs","parameters":{"type":"object"}}}]"#

/// Counts, from anywhere.
final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    @discardableResult func up() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
}
