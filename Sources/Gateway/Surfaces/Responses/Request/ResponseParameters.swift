// The table of a response request's fields: what each must look like and what becomes of it.

import JSON
import OpenAIProtocol

/// The fields of the current "Create a model response" document. A field that is not here is ignored and named in
/// `x-opsgate-ignored`, as chat does it.
enum ResponseParameters {
    enum Handling: Sendable {
        /// Read by a function of its own.
        case read
        /// Passed on under chat's name for it, and told again in the answer.
        case passed(String)
        /// Told again in the answer; without effect on the model.
        case echoed
        /// Of no effect here; named in the header.
        case ignored
        /// Refused unless it says this literal, or nothing.
        case refused(unless: String?, String)
    }

    static let table: [String: (shape: ParameterShape, handling: Handling)] = [
        "model": (.string, .read),
        "input": (.any, .read),
        "instructions": (.string, .read),
        "tools": (.array, .read),
        "tool_choice": (.any, .read),
        "text": (.object, .read),
        "reasoning": (.object, .read),
        "store": (.boolean, .read),
        "stream": (.boolean, .read),
        "stream_options": (.object, .read),
        "previous_response_id": (.string, .read),
        "truncation": (.oneOf(["auto", "disabled"]), .read),
        "include": (.array, .read),
        "metadata": (.object, .echoed),
        "max_tool_calls": (.integer(1...Int.max), .read),
        "max_output_tokens": (.integer(1...Int.max), .passed("max_completion_tokens")),
        "parallel_tool_calls": (.boolean, .passed("parallel_tool_calls")),
        "prompt_cache_key": (.string, .passed("prompt_cache_key")),
        "prompt_cache_retention": (.string, .passed("prompt_cache_retention")),
        "safety_identifier": (.string, .passed("safety_identifier")),
        "service_tier": (.string, .passed("service_tier")),
        "temperature": (.number(0...2), .passed("temperature")),
        "top_p": (.number(0...1), .passed("top_p")),
        "user": (.string, .passed("user")),
        "top_logprobs": (.integer(0...20), .ignored),
        "background": (
            .boolean, .refused(unless: "false", "'background' is not supported: a response is made while you wait.")
        ),
        "conversation": (
            .any, .refused(unless: nil, "'conversation' is not supported; use 'previous_response_id' instead.")
        ),
        "prompt": (
            .any, .refused(unless: nil, "'prompt' is not supported: there are no stored prompts; use 'instructions'.")
        ),
    ]

    /// What the answer says of fields that the request has not.
    static let defaults: [(name: String, json: String)] = [
        ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"),
        ("parallel_tool_calls", "true"), ("previous_response_id", "null"), ("prompt_cache_key", "null"),
        ("reasoning", #"{"effort":null,"summary":null}"#), ("safety_identifier", "null"), ("service_tier", "null"),
        ("temperature", "null"), ("text", #"{"format":{"type":"text"}}"#), ("tool_choice", "\"auto\""),
        ("tools", "[]"), ("top_logprobs", "0"), ("top_p", "null"), ("truncation", "\"disabled\""), ("user", "null"),
    ]

    /// A field of chat by its name in this surface.
    static func renamed(_ chat: String) -> String {
        let names: [(String, String)] = [
            ("response_format.json_schema", "text.format"), ("response_format", "text.format"),
            ("max_completion_tokens", "max_output_tokens"), ("max_tokens", "max_output_tokens"),
            ("reasoning_effort", "reasoning.effort"), ("verbosity", "text.verbosity"),
        ]
        if chat.hasPrefix("messages") { return "input" }
        for (old, new) in names where chat == old || chat.hasPrefix(old + ".") {
            return new + chat.dropFirst(old.count)
        }
        return chat.replacing(".function.", with: ".")
    }
}

extension OpenAIError {
    /// With the field's name in this surface: the engine speaks of a chat request.
    var forResponses: OpenAIError {
        guard let param = self.param else { return self }
        var error = self
        error.param = ResponseParameters.renamed(param)
        return error
    }
}
