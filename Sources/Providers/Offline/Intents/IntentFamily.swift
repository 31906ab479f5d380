// What an intent family is: it recognises its questions, wishes for tool calls, and words the answer.

import JSON

/// What a family wants next for a question.
enum Wish: Sendable {
    /// These calls; the engine leaves out those that were made already, so a family may name all of them every time.
    case calls([PlannedCall])
    /// Nothing: the answer can be written.
    case words
    /// The question was understood, but none of these tools is offered (or none takes what the question gives).
    case lacking([String])
}

/// What lies before a family: the tools that may be called now, and what the calls made so far gave.
struct Desk: Sendable {
    let tools: OfferedTools
    let outcomes: [ToolOutcome]
    /// The newest text that an assistant wrote in this conversation.
    let lastAnswer: String?

    func outcomes(of tool: String) -> [ToolOutcome] {
        outcomes.filter { $0.call.name == tool }
    }
}

/// A family of questions that are recognised and answered alike. Values without state: all they know is in the
/// question and on the desk.
protocol IntentFamily: Sendable {
    /// How surely a question is of this family: 0 not at all; see `IntentFamilies` for the scale.
    func score(_ question: Question) -> Int

    /// What to call, looking at what is there already.
    func wish(_ question: Question, _ desk: Desk) -> Wish

    /// Writes the answer. When nothing is written, the engine writes a digest of the results.
    func write(_ question: Question, _ desk: Desk, into answer: inout AnswerText)

    /// Questions that work, for help and for what was not understood.
    func examples(_ language: AnswerLanguage) -> [String]
}

extension IntentFamily {
    func examples(_: AnswerLanguage) -> [String] { [] }
}
