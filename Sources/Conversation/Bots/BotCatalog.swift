// The bots in force: from files, read at start and when they change, the last good version kept; and from the store.

import Foundation
import Identity
package import Logging
import Synchronization
import Tools
package import YAML

/// Loads `bots/*.yaml` with their prompts and answers for them by id or name.
///
/// A file that has become wrong keeps the bot that it gave before; a file that is gone takes its bot along. A bot of
/// the store whose id or name a file has taken, for a bot or a route, stays out; files win.
package final class BotCatalog: Sendable {
    /// Where bots and prompts are.
    package struct Folders: Sendable {
        package let bots: String
        package let prompts: String

        package init(bots: String, prompts: String) {
            self.bots = bots
            self.prompts = prompts
        }
    }

    /// How a bot of the store stands.
    package struct Standing: Sendable {
        package var isInForce: Bool
        package var problem: String?
    }

    private struct State {
        var botByFile: [String: Bot] = [:]
        var stored: [StoredBot] = []
        var standings: [Int64: Standing] = [:]
        var byRow: [Int64: Bot] = [:]
        var faults: [YAMLFault] = []
        /// Bots of files that are named as routes of the provider file are.
        var clashes: [YAMLFault] = []
        var fileRoutes: Set<String> = []
        var stamp: [String: FileStamp] = [:]
        var sorted: [Bot] = []
        var byName: [String: Bot] = [:]
    }

    private let folders: Folders
    private let context: BotContext
    private let logger: Logger
    private let state = Mutex(State())

    package init(folders: Folders, registry: BotContext, logger: Logger) {
        self.folders = folders
        self.logger = logger
        context = registry
        _ = reload(force: true)
    }

    /// All bots, by id.
    package var bots: [Bot] { state.withLock { $0.sorted } }

    /// What is wrong with the files now.
    package var faults: [YAMLFault] { state.withLock { $0.faults } }
    /// Bots of files that hide a model route of their name: nothing is wrong, but somebody may wonder.
    package var clashes: [YAMLFault] { state.withLock { $0.clashes } }

    /// Why bots of the store are left out, by their rows.
    package var storedProblems: [(row: Int64, reason: String)] {
        state.withLock { state in
            state.standings.compactMap { row, standing in standing.problem.map { (row, $0) } }.sorted { $0.0 < $1.0 }
        }
    }

    /// A bot by id or by name.
    package func bot(named name: String) -> Bot? { state.withLock { $0.byName[name] } }

    /// The bots of files, with the files' paths.
    package var fileBots: [(bot: Bot, path: String)] {
        state.withLock { state in
            state.botByFile.map { ($0.value, "\(folders.bots)/\($0.key)") }.sorted { $0.bot.id < $1.bot.id }
        }
    }

    /// How a row of the store stands; nil for one that is not known here (yet).
    func standing(ofRow id: Int64) -> Standing? { state.withLock { $0.standings[id] } }

    /// Reads a bot as the store's rows are read when they are written.
    func read(_ bot: StoredBot) throws(YAMLFault) -> Bot { try bot.read(context) }

    /// What a tool asks of its caller; nil for an unknown one.
    func permission(ofTool name: String) -> Permission? { context.registry[name]?.permission }

    /// Who has a name or id among the files' bots.
    func file(taking names: [String]) -> (name: String, path: String)? {
        for (bot, path) in fileBots {
            if let name = names.first(where: { $0 == bot.id || $0 == bot.name }) { return (name, path) }
        }
        return nil
    }

    /// Takes what the store says now.
    package func adopt(_ stored: [StoredBot]) {
        let news = state.withLock { state in
            state.stored = stored
            return settle(&state)
        }
        report(news)
    }

    /// Puts together who is in force.
    ///
    /// - Returns: what is newly wrong with bots of the store, and with whom else bots of files share a name.
    private func settle(_ state: inout State) -> News {
        let routes = context.fileRoutes()
        let clashes = clashes(of: state.botByFile, with: routes)
        let newClashes = clashes.filter { !state.clashes.contains($0) }
        (state.fileRoutes, state.clashes) = (routes, clashes)
        var bots = Array(state.botByFile.values)
        var taken = Set(bots.flatMap { [$0.id, $0.name] })
        var standings: [Int64: Standing] = [:]
        var byRow: [Int64: Bot] = [:]
        // The model may be missing for a while, as a provider's file may: the bot says so when it is asked.
        let lenient = BotContext(registry: context.registry, hasModel: { _ in true }, prompt: context.prompt)
        for stored in state.stored {
            guard stored.isActive else {
                standings[stored.row] = Standing(isInForce: false)
                continue
            }
            do throws(YAMLFault) {
                let bot = try stored.read(lenient)
                if let name = [bot.id, bot.name].first(where: routes.contains) {
                    let problem = "\(name) is a model route of the provider file, which goes before it"
                    standings[stored.row] = Standing(isInForce: false, problem: problem)
                    continue
                }
                if let name = [bot.id, bot.name].first(where: taken.contains) {
                    standings[stored.row] = Standing(isInForce: false, problem: "\(name) is taken by another bot")
                    continue
                }
                taken.formUnion([bot.id, bot.name])
                bots.append(bot)
                byRow[stored.row] = bot
                standings[stored.row] = Standing(isInForce: true)
            } catch {
                standings[stored.row] = Standing(isInForce: false, problem: error.reason)
            }
        }
        let news = standings.compactMap { row, standing -> (row: Int64, reason: String)? in
            guard let problem = standing.problem, problem != state.standings[row]?.problem else { return nil }
            return (row, problem)
        }
        state.standings = standings
        state.byRow = byRow
        state.sorted = bots.sorted { $0.id < $1.id }
        state.byName = [:]
        // Ids win over names, should one bot's name be another's id.
        for bot in state.sorted { state.byName[bot.name] = bot }
        for bot in state.sorted { state.byName[bot.id] = bot }
        return News(rows: news, clashes: newClashes)
    }

    private struct News {
        let rows: [(row: Int64, reason: String)]
        let clashes: [YAMLFault]
    }

    /// Of two files neither is the better one; bots are asked first.
    private func clashes(of bots: [String: Bot], with routes: Set<String>) -> [YAMLFault] {
        if routes.isEmpty { return [] }
        return bots.sorted { $0.key < $1.key }.compactMap { file, bot in
            [bot.id, bot.name].first(where: routes.contains).map { name in
                YAMLFault(
                    file: "\(folders.bots)/\(file)",
                    line: 0,
                    reason: "\(name) is a model route of the provider file, too; whoever names it gets the bot"
                )
            }
        }
    }

    private func report(_ news: News) {
        for (row, reason) in news.rows {
            logger.error("bot of the store left out", metadata: ["id": "\(row)", "reason": "\(reason)"])
        }
        for clash in news.clashes { logger.warning("bot hides a model route", metadata: ["reason": "\(clash)"]) }
    }

    /// A bot by id or by name, else by the number of its row.
    package func bot(addressed text: String) -> Bot? {
        bot(named: text) ?? Int64(text).flatMap { row in state.withLock { $0.byRow[row] } }
    }

    /// Looks for changes once a second until the task is cancelled.
    package func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            _ = reload(force: false)
        }
    }

    /// Reads the files again if one of them changed.
    ///
    /// - Returns: whether anything was read.
    package func reload(force: Bool) -> Bool {
        let stamp = currentStamp()
        if !force, stamp == state.withLock({ $0.stamp }) {
            let routes = context.fileRoutes()
            let news = state.withLock { $0.fileRoutes == routes ? nil : settle(&$0) }
            news.map(report)
            return false
        }
        let before = state.withLock { $0.botByFile }
        let loaded = load(keeping: before)
        let (newFaults, changed, news) = state.withLock { state in
            let newFaults = loaded.faults.filter { !state.faults.contains($0) }
            let changed = loaded.bots != state.botByFile
            state.stamp = stamp
            state.botByFile = loaded.bots
            state.faults = loaded.faults
            return (newFaults, changed, settle(&state))
        }
        report(news)
        for fault in newFaults {
            logger.error("bot file refused", metadata: ["reason": "\(fault)"])
        }
        if changed, !force {
            logger.notice("bots reloaded", metadata: ["bots": "\(loaded.bots.values.map(\.name).sorted())"])
        }
        return true
    }

    private func load(keeping before: [String: Bot]) -> (bots: [String: Bot], faults: [YAMLFault]) {
        var bots: [String: Bot] = [:]
        var faults: [YAMLFault] = []
        var owner: [String: String] = [:]
        guard let files = files(in: folders.bots, ending: [".yaml", ".yml"]) else {
            // A folder that cannot be read now says nothing about the bots that were in it.
            return (before, [YAMLFault(file: folders.bots, line: 0, reason: "the folder cannot be read")])
        }
        for file in files {
            let path = "\(folders.bots)/\(file)"
            do throws(YAMLFault) {
                guard let text = Self.text(of: path) else {
                    throw YAMLFault(file: path, line: 0, reason: "cannot be read")
                }
                let bot = try BotFile.read(text, file: path, context: context)
                for name in Set([bot.id, bot.name]) {
                    if let other = owner[name] {
                        throw YAMLFault(file: path, line: 0, reason: "\(name) is taken by \(other)")
                    }
                }
                owner[bot.id] = path
                owner[bot.name] = path
                bots[file] = bot
            } catch {
                faults.append(error)
                if let kept = before[file], owner[kept.id] == nil, owner[kept.name] == nil {
                    owner[kept.id] = path
                    owner[kept.name] = path
                    bots[file] = kept
                }
            }
        }
        return (bots, faults)
    }

    private func currentStamp() -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        for (folder, endings) in [(folders.bots, [".yaml", ".yml"]), (folders.prompts, [".md"])] {
            for file in files(in: folder, ending: endings) ?? [] {
                let path = "\(folder)/\(file)"
                stamps[path] = FileStamp(of: path)
            }
        }
        return stamps
    }

    private func files(in folder: String, ending: [String]) -> [String]? {
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        return all.filter { file in !file.hasPrefix(".") && ending.contains { file.hasSuffix($0) } }.sorted()
    }
}
