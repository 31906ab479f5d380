// `opsgate doctor`: whether everything that the gateway needs is there.

import Accounts
import ArgumentParser
import Conversation
import Foundation
import Gateway
import HTTPTransport
import Identity
import Logging
import Providers
import Storage
import YAML

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, store, bots and the upstream.",
        discussion: """
            Exit code 1 when something is wrong.

            EXAMPLE
              opsgate doctor
            """
    )

    @OptionGroup var store: StoreOptions

    func run() async throws {
        var settings = try store.settings()
        settings.logLevel = .critical
        let report = Report()
        report.good("settings", "data in \(settings.data), listening on \(settings.host):\(settings.port)")
        report.good(
            "memory",
            Allocator.isInForce ? Allocator.name : "the C library's allocator: \(Allocator.name) was displaced"
        )
        let assembly: Assembly
        do {
            assembly = try await Assembly(settings)
        } catch {
            report.bad("store", "\(DatabaseURL.redacted(settings.databaseURL)): \(error)")
            throw ExitCode(1)
        }
        await check(assembly, report)
        await assembly.close()
        if report.hasFaults { throw ExitCode(1) }
    }

    private func check(_ assembly: Assembly, _ report: Report) async {
        let settings = assembly.settings
        do {
            try await assembly.services.database.check()
            report.good("store", "\(DatabaseURL.redacted(settings.databaseURL)), schema up to date")
            let users = try await assembly.services.accounts.listUsers(for: .system)
            if users.count == 0 {
                report.good("users", "none yet; the first `opsgate serve` creates admin")
            } else {
                report.good("users", "\(users.count)")
            }
        } catch {
            report.bad("store", "\(error)")
        }
        let bots = assembly.services.bots
        for fault in bots.faults { report.bad("bots", "\(fault)") }
        for clash in bots.clashes { report.good("bots", "\(clash)") }
        for (row, reason) in bots.storedProblems { report.bad("bots", "number \(row) of the store: \(reason)") }
        if bots.bots.isEmpty {
            report.bad("bots", "none in \(settings.bots)")
        } else {
            report.good("bots", bots.bots.map(\.name).joined(separator: ", "))
        }
        for fault in assembly.providerFile.faults { report.bad("providers", "\(fault)") }
        let book = assembly.providers.book
        for problem in book.problems { report.bad("providers", "\(problem)") }
        let upstreams = book.catalogue.providers.filter { $0.isActive && $0.kind != .offline }
        if upstreams.isEmpty { report.good("upstream", "none configured; the offline model answers") }
        for provider in upstreams { await checkUpstream(provider, assembly.client, report) }
    }

    /// Asks an upstream for its models. Other kinds than OpenAI's are only named.
    private func checkUpstream(_ provider: ProviderSettings, _ client: HTTPClient, _ report: Report) async {
        guard provider.kind == .openAICompatible else {
            report.good("upstream", "\(provider.name): \(provider.kind.rawValue) at \(provider.shownURL), not asked")
            return
        }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let key = provider.apiKeys.first { headers.set("Authorization", "Bearer \(key.reveal())") }
        for (name, value) in provider.headers { headers.set(name, value) }
        var request = TransferRequest(
            method: "GET",
            url: provider.baseURL.withoutTrailingSlashes + "/models",
            headers: HeaderLines(headers),
            timeouts: TransferTimeouts(
                connect: .seconds(5),
                firstByte: .seconds(10),
                idle: .seconds(10),
                total: .seconds(20)
            )
        )
        request.refusesLinkLocal = provider.origin == .store
        do {
            let response = try await client.fetch(request, bodyLimit: 4 << 20)
            switch response.status {
            case 200: report.good("upstream", "\(provider.shownURL) answers")
            case 401, 403: report.bad("upstream", "\(provider.shownURL) refuses the key (HTTP \(response.status))")
            default: report.good("upstream", "\(provider.shownURL) answers GET /models with HTTP \(response.status)")
            }
        } catch {
            report.bad("upstream", "\(provider.shownURL): \(error.message)")
        }
    }
}

/// Prints findings a line each and remembers whether one was bad.
private final class Report {
    private(set) var hasFaults = false

    func good(_ topic: String, _ text: String) {
        print("ok    \(topic): \(text)")
    }

    func bad(_ topic: String, _ text: String) {
        hasFaults = true
        print("FAIL  \(topic): \(text)")
    }
}
