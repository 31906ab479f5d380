// The server: routes, connections, the heartbeat, and a stop that lets running streams finish.

import Alerts
import Conversation
import HTTPServer
import HTTPTypes
import JSON
import Logging
package import Loops
import Notifications
import OpenAIProtocol
import Resources
import ServiceLifecycle

/// Serves the gateway until it is told to stop.
package struct GatewayServer: Service {
    /// Where to listen, and how patient to be.
    package struct Configuration: Sendable {
        package var host: String
        /// 0 for any free port.
        package var port: Int
        /// How long running answers may go on once the server is told to stop.
        package var drainTime: Duration
        /// A connection on which no whole request has come for this long, and a little more, is closed; a body must have
        /// come by then.
        package var requestTime: Duration

        package init(
            host: String,
            port: Int,
            drainTime: Duration = .seconds(20),
            requestTime: Duration = .seconds(60)
        ) {
            self.host = host
            self.port = port
            self.drainTime = drainTime
            self.requestTime = requestTime
        }
    }

    private let services: GatewayServices
    private let loops: LoopGroup
    private let configuration: Configuration
    private let onReady: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - loops: those that connections live on; best the ones that carry the calls to upstreams.
    ///   - onReady: called with the port once connections are accepted.
    package init(
        services: GatewayServices,
        loops: LoopGroup,
        configuration: Configuration,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.services = services
        self.loops = loops
        self.configuration = configuration
        self.onReady = onReady
    }

    /// Runs until graceful shutdown: no new connections, running answers get `drainTime`, usage rows are written.
    package func run() async throws {
        // Nobody is served before it is known what he may use.
        try await services.turns.limits.reload()
        let heartbeat = Heartbeat()
        let running = RunningTurns()
        let launcher = TurnLauncher(environment: services.turns, running: running, heartbeat: heartbeat)
        let table = Self.routes(services, launcher)
        let edge = EdgeState(
            authenticator: services.authenticator,
            heartbeat: heartbeat,
            bodyTime: configuration.requestTime,
            observation: services.observation,
            logger: services.logger
        )
        let telemetry = services.observation.telemetry
        let collection = MetricsCollection(services: services)
        let responder = EdgeResponder(
            routes: table.served(by: edge),
            log: RequestLog(logger: services.logger, metrics: edge.observation.requests),
            telemetry: telemetry
        )
        let listener = Listener(listening, loops: loops, responder: responder.respond)
        let outcome = await Self.outcome {
            let port = try await listener.start()
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { await heartbeat.run() }
                group.addTask { await services.bots.watch() }
                group.addTask { await services.administration.watch() }
                group.addTask { await services.background.run() }
                group.addTask { await services.turns.limits.watch() }
                group.addTask { await telemetry?.run { await collection.families } }
                await onReady(port)
                defer { group.cancelAll() }
                try? await gracefulShutdown()
                services.logger.notice("stopping", metadata: ["running": "\(running.count)"])
                listener.stopAccepting()
                let deadline = Task {
                    try await Task.sleep(for: configuration.drainTime)
                    running.close(.shutDown)
                    // Whoever has not read the last words by then will not.
                    try await Task.sleep(for: .seconds(1))
                    listener.closeAll()
                }
                await listener.drained()
                deadline.cancel()
            }
        }
        // Whatever came of it, a port in use for one: turns are told, rows are written.
        running.close(.shutDown)
        await running.drain(within: .seconds(2))
        await services.turns.limits.limiter.drain()
        await telemetry?.flush(within: .seconds(5)) { await collection.families }
        await services.turns.recorder.drain()
        try outcome.get()
    }

    private static func outcome(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    /// The whole table of routes.
    static func routes(_ services: GatewayServices, _ launcher: TurnLauncher) -> RouteTable {
        let routes =
            ChatRoutes(services: services, launcher: launcher).routes
            + MessageRoutes(services: services, launcher: launcher).routes
            + EmbeddingRoutes(services: services, launcher: launcher).routes
            + ResponseRoutes(services: services, launcher: launcher).routes
            + BotRoutes(services: services, launcher: launcher).routes
            + AdministrationRoutes(services: services).routes
            + ApprovalRoutes(approvals: services.turns.approvals).routes
            + AccountRoutes(services: services).routes
            + AlertRoutes(services: services).routes
            + RuleRoutes(services: services).routes
            + NotificationRoutes(services: services).routes
            + HealthRoutes(services: services).routes
            + UsageRoutes(services: services).routes
            + LimitRoutes(services: services).routes
            + MetricsRoutes(services: services).routes
        return RouteTable(routes: routes + DescriptionRoutes(described: routes, catalog: services.catalog).routes)
    }

    /// The OpenAPI document of a server with these services.
    package static func description(_ services: GatewayServices) -> [UInt8] {
        let launcher = TurnLauncher(environment: services.turns, running: RunningTurns(), heartbeat: Heartbeat())
        return APIDescription(routes: routes(services, launcher).routes, resources: services.catalog.resources)
            .document.bytes
    }

    private var listening: Listener.Configuration {
        Listener.Configuration(
            host: configuration.host,
            port: configuration.port,
            // A little later than a body's own deadline, which can still be answered.
            requestTime: configuration.requestTime + .seconds(3),
            name: "OpsGate",
            refusal: { .refusal($0) }
        )
    }
}

extension Response {
    /// What is said to bytes that are no request, and to one connection too many.
    fileprivate static func refusal(_ fault: Listener.Configuration.Malformed) -> Response {
        let error =
            switch fault {
            case .malformed: OpenAIError.invalid("This is not a valid HTTP request.", param: nil, code: "invalid_http")
            case .headersTooLarge:
                OpenAIError(
                    status: 431,
                    message: "The request's headers are too large.",
                    type: "invalid_request_error",
                    code: "headers_too_large"
                )
            case .tooManyConnections: OpenAIError.overloaded("there are too many connections.")
            }
        let id = AnswerIdentity.makeID(prefix: "req_")
        var response = Response.failure(RequestFailure(error), style: .openAI, requestID: id)
        response.headers.add(.requestID, id)
        return response
    }
}
