// Keeps the provider file's layer in force: read at start and when it changes, the last good version kept.

import Conversation
import Foundation
import Logging
import Providers
import ServiceLifecycle
import Synchronization
import YAML

/// Reads `providers.yaml` into a `ProviderStore`.
///
/// A file with a fault changes nothing: what it gave before stays in force, or nothing if it was never good. A file that
/// is gone is a fault too, once it has been there: whoever saves a file may take it away for a moment.
final class ProviderFileWatch: Service, Sendable {
    private struct State {
        var stamp: FileStamp?
        var faults: [YAMLFault] = []
        var wasRead = false
        var limits: [String: LimitSet] = [:]
    }

    let path: String
    private let isWanted: Bool
    private let environment: [String: String]
    private let providers: ProviderStore
    private let logger: Logger
    private let onChange: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - isWanted: whether somebody named the file, so that its absence is a fault.
    ///   - onChange: told that something else may be in force.
    init(
        path: String,
        isWanted: Bool,
        environment: [String: String],
        providers: ProviderStore,
        logger: Logger,
        onChange: @escaping @Sendable () -> Void = {}
    ) {
        self.path = path
        self.isWanted = isWanted
        self.environment = environment
        self.providers = providers
        self.logger = logger
        self.onChange = onChange
        onChange()
        reload(force: true)
    }

    /// What is wrong with the file now.
    var faults: [YAMLFault] { state.withLock { $0.faults } }

    /// What the file in force says of its routes' limits.
    var limits: [String: LimitSet] { state.withLock { $0.limits } }

    /// Whether the file has ever been put in force.
    var isInForce: Bool { state.withLock { $0.wasRead } }

    /// Looks for changes once a second.
    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                self.reload(force: false)
            }
        }
    }

    /// Reads the file again if it changed.
    func reload(force: Bool) {
        let stamp = FileStamp(of: path)
        let (isSame, wasRead) = state.withLock { state in
            defer { state.stamp = stamp }
            return (state.stamp == stamp, state.wasRead)
        }
        if isSame, !force { return }
        if stamp == nil, !isWanted, !wasRead { return }
        let (file, faults) = read()
        let news = state.withLock { state in
            defer { state.faults = faults }
            if let file {
                state.wasRead = true
                state.limits = file.limits
            }
            return faults.filter { !state.faults.contains($0) }
        }
        for fault in news { logger.error("provider file refused", metadata: ["reason": "\(fault)"]) }
        guard let file else { return }
        providers.replace(.file, with: file.catalogue)
        onChange()
        if !force { logger.notice("providers reloaded", metadata: ["routes": "\(file.catalogue.routes.map(\.name))"]) }
    }

    /// The file when all of it is good, else its faults.
    private func read() -> (ProviderFile?, [YAMLFault]) {
        do {
            try SettingsSource.checkOwner(of: path)
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw YAMLFault(file: path, line: 0, reason: "cannot be read")
            }
            let file = try ProviderFile(text, file: path, environment: environment)
            let merged = providers.catalogue(replacing: .file, with: file.catalogue)
            // The file by itself shows what is there twice, all together who is known.
            let own = file.catalogue.problems().filter { $0.reason == ProviderCatalogue.twice }
            let faults = file.faults(in: own + merged.problems())
            return (faults.isEmpty ? file : nil, faults)
        } catch let fault as YAMLFault {
            return (nil, [fault])
        } catch {
            return (nil, [YAMLFault(file: path, line: 0, reason: "\(error)")])
        }
    }
}
