// Tools for models that have none: told in the prompt, their calls read from the answer.

import JSON

/// Wraps a provider whose models know no tool calls.
///
/// The tools are described in the system prompt; a call is one JSON object, `{"tool":"name","arguments":{…}}`; results
/// come back as messages of the user. What looks like a call and is none stays text.
package struct PromptedToolsProvider: ModelProvider {
    package var name: String { wrapped.name }
    private let wrapped: any ModelProvider
    private let writesJSONSchema: Bool

    /// - Parameter writesJSONSchema: whether the server can be bound to a schema (`response_format`). It is: to calls when
    ///   one is demanded (`tool_choice` required or named), else to calls or an object that holds the answer's words.
    package init(wrapping wrapped: any ModelProvider, writesJSONSchema: Bool = false) {
        self.wrapped = wrapped
        self.writesJSONSchema = writesJSONSchema
    }

    package func start(_ call: ModelCall) async throws(ProviderFailure) -> any ModelRound {
        let prompt = try ToolPrompt(call, writesJSONSchema: writesJSONSchema, provider: name)
        let round = try await wrapped.start(prompt.call)
        return prompt.tools.isEmpty ? round : PromptedRound(round, tools: prompt.tools, unwraps: prompt.wrapsAnswers)
    }
}
