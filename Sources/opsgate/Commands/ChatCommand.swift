// `opsgate chat`: a question to a bot from the terminal.

import Alerts
import ArgumentParser
import Conversation
import Foundation
import Gateway
import Identity
import JSON
import Logging
import OpenAIProtocol
import Providers
import Storage
import Synchronization
import Tools

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Ask a bot in the terminal.",
        discussion: """
            Works on the store directly, as the person at this machine; the server need not run. Without a question it \
            is a conversation: empty line or Ctrl-D ends it.

            EXAMPLE
              opsgate chat "what is firing?"
              opsgate chat --bot alert-triage-bot
            """
    )

    @Argument(help: "The question.")
    var question: [String] = []

    @Option(help: "The bot's id or name.")
    var bot = "ops-assistant-bot"

    @OptionGroup var store: StoreOptions

    func run() async throws {
        var settings = try store.settings()
        settings.logLevel = max(settings.logLevel, .warning)
        try await Assembly.with(settings) { assembly in
            guard let found = assembly.services.bots.bot(named: bot) else {
                let known = assembly.services.bots.bots.map(\.name).joined(separator: ", ")
                throw ProgramFault("there is no bot \(bot); there are: \(known.isEmpty ? "none" : known)")
            }
            guard let route = assembly.services.turns.router().route(named: found.model) else {
                throw ProgramFault("the bot's model \(found.model) is not configured")
            }
            var history: [JSONValue] = []
            if !question.isEmpty {
                try await ask(question.joined(separator: " "), &history, found, route, assembly)
                return
            }
            print("\(found.title). Ask away; an empty line ends the conversation.")
            while true {
                print("> ", terminator: "")
                fflush(nil)
                guard let line = readLine(), !line.allSatisfy(\.isWhitespace) else { return }
                do {
                    try await ask(line, &history, found, route, assembly)
                } catch let fault as ProgramFault {
                    // The conversation goes on without the question that failed.
                    history.removeLast()
                    print(TerminalText.printable(fault.description))
                }
            }
        }
    }

    private func ask(
        _ question: String,
        _ history: inout [JSONValue],
        _ bot: Bot,
        _ route: ModelRoute,
        _ assembly: Assembly
    ) async throws {
        history.append(["role": "user", "content": .string(question)])
        let body: JSONValue = ["model": .string(bot.id), "stream": true, "messages": .array(history)]
        let plan: TurnPlan
        do {
            plan = try TurnPlan(
                request: try ChatRequest(parsing: body.bytes),
                bot: bot,
                route: route,
                registry: assembly.services.registry,
                caller: .system,
                requestID: AnswerIdentity.makeID(prefix: "cli_"),
                surface: "cli",
                now: WallClock.system.now()
            )
        } catch {
            throw ProgramFault(error.message)
        }
        let sink = TerminalSink(showsColours: isatty(STDOUT_FILENO) == 1)
        let (end, _) = await Turn(plan: plan, environment: assembly.services.turns).run(sink)
        print()
        switch end {
        case .finished: history.append(["role": "assistant", "content": .string(sink.text)])
        case .failed(let error): throw ProgramFault(error.message)
        case .cancelled: throw ProgramFault("cancelled")
        }
    }
}

/// Prints an answer as it comes; steps and reasoning are dimmed.
private final class TerminalSink: TurnSink {
    private let showsColours: Bool
    private let collected = Mutex("")

    init(showsColours: Bool) {
        self.showsColours = showsColours
    }

    var text: String { collected.withLock { $0 } }

    func send(_ events: [TurnEvent]) async throws {
        for event in events {
            switch event {
            case .began, .metadata, .usageDetails, .finish: continue
            case .step(let step): dim("· " + step.text)
            case .delta(let delta):
                if let reasoning = delta.reasoning { dim(reasoning.decoded) }
                if let content = delta.content {
                    let text = content.decoded
                    collected.withLock { $0 += text }
                    print(TerminalText.printable(text), terminator: "")
                }
            }
        }
        fflush(nil)
    }

    private func dim(_ text: String) {
        print(
            showsColours ? "\u{1B}[2m\(TerminalText.printable(text))\u{1B}[0m" : TerminalText.printable(text),
            terminator: ""
        )
    }
}

/// Text from outside must not steer the terminal.
enum TerminalText {
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
            )
        )
    }
}
