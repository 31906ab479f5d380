// The server: routes, connections, the heartbeat, and a stop that lets running streams finish.

import Alerts
import Conversation
import Hummingbird
import HummingbirdCore
import JSON
import Logging
import NIOCore
import NIOPosix
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
        /// After this long without a byte of a request, a connection is closed; a body must have come by then.
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
    private let configuration: Configuration
    private let onReady: @Sendable (Int) async -> Void

    /// - Parameter onReady: called with the port once connections are accepted.
    package init(
        services: GatewayServices,
        configuration: Configuration,
        onReady: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        self.services = services
        self.configuration = configuration
        self.onReady = onReady
    }

    /// Runs until graceful shutdown: no new connections, running answers get `drainTime`, usage rows are written.
    package func run() async throws {
        let signals = ConnectionSignals()
        let heartbeat = Heartbeat()
        let running = RunningTurns()
        let launcher = TurnLauncher(environment: services.turns, running: running, heartbeat: heartbeat)
        let table = Self.routes(services, launcher)
        let edge = EdgeState(
            authenticator: services.authenticator,
            signals: signals,
            heartbeat: heartbeat,
            bodyTime: configuration.requestTime,
            observation: services.observation,
            logger: services.logger
        )
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: LoopExecutor.loopCount)
        let application = application(edge, table, loops)
        let outcome = await Self.outcome {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await heartbeat.run() }
                group.addTask { await services.bots.watch() }
                group.addTask { await services.background.run() }
                group.addTask {
                    do {
                        try await gracefulShutdown()
                    } catch {
                        return
                    }
                    services.logger.notice("stopping", metadata: ["running": "\(running.count)"])
                    try? await Task.sleep(for: configuration.drainTime)
                    running.close(.shutDown)
                    // Whoever has not read the last words by then will not.
                    try? await Task.sleep(for: .seconds(1))
                    signals.closeAll()
                }
                defer { group.cancelAll() }
                let executor = LoopExecutor(home: loops, closing: launcher.closing)
                try await withTaskExecutorPreference(executor) { try await application.run() }
            }
        }
        // Whatever came of it, a port in use for one: turns are told, loops end, rows are written.
        running.close(.shutDown)
        await running.drain(within: .seconds(2))
        launcher.closing.begin()
        try? await loops.shutdownGracefully()
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
            + BotRoutes(services: services, launcher: launcher).routes
            + ApprovalRoutes(approvals: services.turns.approvals).routes
            + AccountRoutes(services: services).routes
            + AlertRoutes(services: services).routes
            + RuleRoutes(services: services).routes
            + NotificationRoutes(services: services).routes
            + HealthRoutes(services: services).routes
            + UsageRoutes(services: services).routes
            + MetricsRoutes(services: services).routes
        return RouteTable(routes: routes + DescriptionRoutes(described: routes, catalog: services.catalog).routes)
    }

    /// The OpenAPI document of a server with these services.
    package static func description(_ services: GatewayServices) -> [UInt8] {
        let launcher = TurnLauncher(environment: services.turns, running: RunningTurns(), heartbeat: Heartbeat())
        return APIDescription(routes: routes(services, launcher).routes, resources: services.catalog.resources)
            .document.bytes
    }

    private func application(
        _ edge: EdgeState,
        _ table: RouteTable,
        _ loops: any EventLoopGroup
    ) -> some ApplicationProtocol {
        var logger = services.logger
        // Hummingbird's own lines below this level repeat ours.
        logger.logLevel = max(logger.logLevel, .warning)
        let signals = edge.signals
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionWatch(signals: signals)],
            // A little later than a body's own deadline, which can still be answered.
            idleTimeout: .seconds(configuration.requestTime.components.seconds + 3),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 << 10,
                maxHeaderListSize: 64 << 10,
                maxHeaderFieldCount: 200
            )
        )
        return Application(
            responder: EdgeResponder(
                inner: table.router(edge).buildResponder(),
                table: table,
                log: RequestLog(logger: services.logger, metrics: edge.observation.requests)
            ),
            server: .http1(configuration: http),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "OpsGate",
                backlog: 1024
            ),
            onServerRunning: { channel in
                // NIO's four accepts a tick make bursts of clients wait.
                try? await channel.setOption(.maxMessagesPerRead, value: 256).get()
                await onReady(channel.localAddress?.port ?? configuration.port)
            },
            eventLoopGroupProvider: .shared(loops),
            logger: logger
        )
    }
}
