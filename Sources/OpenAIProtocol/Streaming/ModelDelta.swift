// A piece of a model's answer, as chunks carry it and answers collect it.

package import JSON

/// A piece of one choice. Texts stay escaped as they came, so that passing them on costs a copy and nothing else.
package struct ModelDelta: Sendable {
    /// The choice's index; 0 unless the caller asked for several.
    package var choice: Int
    /// Text for the person.
    package var content: JSONText?
    /// Thinking (`reasoning_content`), shown apart from the answer.
    package var reasoning: JSONText?
    /// A refusal's text.
    package var refusal: JSONText?
    /// Pieces of tool calls.
    package var toolCalls: [ToolCallDelta]
    /// Raw members of `delta` that the gateway does not read, comma-joined (`"annotations":[…]`).
    package var extraDelta: [UInt8]
    /// Raw members of the choice that the gateway does not read, comma-joined (`"logprobs":{…}`).
    package var extraChoice: [UInt8]
    /// Why the choice ended, once.
    package var finish: FinishReason?

    package init(
        choice: Int = 0,
        content: JSONText? = nil,
        reasoning: JSONText? = nil,
        refusal: JSONText? = nil,
        toolCalls: [ToolCallDelta] = [],
        extraDelta: [UInt8] = [],
        extraChoice: [UInt8] = [],
        finish: FinishReason? = nil
    ) {
        self.choice = choice
        self.content = content
        self.reasoning = reasoning
        self.refusal = refusal
        self.toolCalls = toolCalls
        self.extraDelta = extraDelta
        self.extraChoice = extraChoice
        self.finish = finish
    }

    /// True when nothing in it would be shown to anybody.
    package var isEmpty: Bool {
        content == nil && reasoning == nil && refusal == nil && toolCalls.isEmpty && extraDelta.isEmpty
            && extraChoice.isEmpty && finish == nil
    }
}

extension ModelDelta {
    /// The text, when it is all there is and belongs to choice 0.
    var onlyText: JSONText? {
        guard choice == 0, let content, !content.isEmpty, isTextOrNothing else { return nil }
        return content
    }

    /// Whether there is nothing besides text, not even an end.
    package var isTextOrNothing: Bool {
        reasoning == nil && refusal == nil && toolCalls.isEmpty && extraDelta.isEmpty && extraChoice.isEmpty
            && finish == nil
    }

    /// Whether there is nothing besides reasoning; an empty text is nothing.
    package var isReasoningOrNothing: Bool {
        content?.isEmpty ?? true && refusal == nil && toolCalls.isEmpty && extraDelta.isEmpty && extraChoice.isEmpty
            && finish == nil
    }
}

/// A piece of a tool call: the opening one has id and name, later ones only more of the arguments.
package struct ToolCallDelta: Sendable {
    /// Which of the round's calls it belongs to; contiguous from 0.
    package var index: Int
    package var id: String?
    package var name: String?
    /// A fragment of the arguments' JSON text, escaped as the content of a JSON string.
    package var arguments: JSONText

    package init(index: Int, id: String? = nil, name: String? = nil, arguments: JSONText = JSONText()) {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}
