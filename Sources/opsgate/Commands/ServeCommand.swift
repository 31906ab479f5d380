// `opsgate serve`: the gateway itself.

import Accounts
import Alerts
import ArgumentParser
import Conversation
import Foundation
import Gateway
import Identity
import Logging
import Providers
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Start the gateway.",
        discussion: """
            EXAMPLE
              opsgate serve --port 18001
              OPENAI_API_KEY=… OPENAI_MODEL=gpt-4o-mini opsgate serve

            Ctrl-C or SIGTERM stops it: no new requests, running streams get up to 20 s to finish.
            """
    )

    @Option(help: "Address to listen on (OPSGATE_HOST).")
    var host: String?

    @Option(help: "Port to listen on; 0 for any (OPSGATE_PORT).")
    var port: String?

    @Flag(help: "Load sample alerts, so that the first question has an answer (OPSGATE_DEMO=1).")
    var demo = false

    @OptionGroup var store: StoreOptions

    func run() async throws {
        // A client or an upstream that has gone must be an error of one call, not a signal to the program.
        signal(SIGPIPE, SIG_IGN)
        let settings = try store.settings(["host": host, "port": port, "demo": demo ? "1" : nil])
        let assembly: Assembly
        do {
            assembly = try await Assembly(settings)
        } catch {
            throw ProgramFault("cannot start: \(error)")
        }
        do {
            let watch = Task { await assembly.prices.watch() }
            defer { watch.cancel() }
            try await serve(assembly)
            await assembly.close()
        } catch {
            await assembly.close()
            throw error
        }
    }

    private func serve(_ assembly: Assembly) async throws {
        let settings = assembly.settings
        let services = assembly.services
        let first: FirstStart?
        do {
            first = try await services.accounts.firstStart(
                password: settings.adminPassword,
                secret: settings.adminSecret
            )
        } catch let failure as AccountFailure {
            throw ProgramFault(failure.message)
        }
        let source = try await services.alerts.ensureDefaultSource()
        if settings.loadsDemo {
            let count = try await services.alerts.loadDemo()
            services.logger.notice("sample alerts loaded", metadata: ["created": "\(count)"])
        }
        let model =
            assembly.defaultUpstream.map { "\($0.model) at \($0.provider.shownURL)" }
            ?? "offline (set OPENAI_API_KEY or OPENAI_BASE_URL for another)"
        let server = GatewayServer(
            services: services,
            loops: assembly.loops,
            configuration: .init(
                host: settings.host,
                port: settings.port,
                drainTime: settings.drainTime,
                requestTime: settings.requestTime
            )
        ) { port in
            let banner = Banner(
                host: settings.host,
                port: port,
                model: model,
                bots: services.bots.bots.map(\.name).sorted(by: Self.assistantFirst),
                firstStart: first,
                source: source
            )
            print(banner.text)
            // The banner is how scripts learn the port: it must not wait in a buffer.
            fflush(nil)
        }
        var logger = assembly.logger
        logger.logLevel = max(logger.logLevel, .error)
        let group = ServiceGroup(
            configuration: .init(
                services: [assembly.providerFile, server],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        do {
            try await group.run()
        } catch {
            throw ProgramFault("the server on \(settings.host):\(settings.port) failed: \(error)")
        }
        assembly.logger.notice("stopped")
    }

    /// The bot that newcomers should meet comes first.
    private static func assistantFirst(_ left: String, _ right: String) -> Bool {
        let favourite = "ops-assistant-bot"
        if left == favourite || right == favourite { return left == favourite }
        return left < right
    }
}

/// A failure that a person is told in one line, exit code 1.
struct ProgramFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
