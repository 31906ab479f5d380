// The table of chat request fields: what each must look like and what becomes of it.

package import JSON

/// What the gateway does with a field of the request.
enum ParameterHandling {
    /// Read by the gateway itself and not passed on as it is.
    case honoured
    /// Checked and handed to the upstream byte for byte.
    case passed
    /// Refused with 400 and this reason.
    case refused(String)
}

/// What a field's value must be.
package enum ParameterShape: Sendable {
    case string
    case boolean
    case number(ClosedRange<Double>)
    case integer(ClosedRange<Int>)
    case object
    case array
    case oneOf([String])
    /// A string, or an array of at most so many strings.
    case stringOrStrings(Int)
    case any

    /// What is wrong with `view`, nil when nothing is.
    package func fault(_ view: JSONView, named name: String) -> String? {
        func expected(_ what: String) -> String {
            "Invalid type for '\(name)': expected \(what), but got \(view.kind.phrase) instead."
        }
        switch self {
        case .any: return nil
        case .string: return view.kind == .string ? nil : expected("a string")
        case .boolean: return view.kind == .bool ? nil : expected("a boolean")
        case .object: return view.kind == .object ? nil : expected("an object")
        case .array: return view.kind == .array ? nil : expected("an array")
        case .number(let range):
            guard view.kind == .number, let value = view.double else { return expected("a number") }
            return range.contains(value)
                ? nil : "Invalid '\(name)': must be between \(range.lowerBound) and \(range.upperBound)."
        case .integer(let range):
            guard view.kind == .number, let value = view.int else { return expected("an integer") }
            if range.contains(value) { return nil }
            return range.upperBound == Int.max
                ? "Invalid '\(name)': must be at least \(range.lowerBound)."
                : "Invalid '\(name)': must be between \(range.lowerBound) and \(range.upperBound)."
        case .oneOf(let words):
            guard view.kind == .string, let word = view.string else { return expected("a string") }
            return words.contains(word)
                ? nil : "Invalid value for '\(name)': supported are \(words.map { "'\($0)'" }.joined(separator: ", "))."
        case .stringOrStrings(let most):
            if view.kind == .string { return nil }
            guard view.kind == .array else { return expected("a string or an array of strings") }
            if view.count > most { return "Invalid '\(name)': at most \(most) elements." }
            for element in view.elements where element.kind != .string {
                return "Invalid type for '\(name)': every element must be a string."
            }
            return nil
        }
    }
}

/// The fields of the current "Create chat completion" document. A field that is not here is a vendor's (`VendorMembers`), or
/// ignored and named in `x-opsgate-ignored`: Lobe Chat sends some of its own (`clients.md` 1.2).
package enum ChatParameters {
    /// Stop sequences of a request at the most.
    package static let mostStops = 64

    static let table: [String: (shape: ParameterShape, handling: ParameterHandling)] = [
        "model": (.string, .honoured),
        "messages": (.array, .honoured),
        "stream": (.boolean, .honoured),
        "stream_options": (.object, .honoured),
        "tools": (.array, .honoured),
        "tool_choice": (.any, .honoured),
        "n": (.integer(1...128), .honoured),
        "audio": (.object, .passed),
        "frequency_penalty": (.number(-2...2), .passed),
        "logit_bias": (.object, .passed),
        "logprobs": (.boolean, .passed),
        "max_completion_tokens": (.integer(1...Int.max), .passed),
        "max_tokens": (.integer(1...Int.max), .passed),
        "metadata": (.object, .passed),
        "modalities": (.array, .passed),
        "moderation": (.any, .passed),
        "parallel_tool_calls": (.boolean, .passed),
        "prediction": (.object, .passed),
        "presence_penalty": (.number(-2...2), .passed),
        "prompt_cache_key": (.string, .passed),
        "prompt_cache_retention": (.string, .passed),
        "reasoning_effort": (.string, .passed),
        "response_format": (.object, .passed),
        "safety_identifier": (.string, .passed),
        "seed": (.integer(Int.min...Int.max), .passed),
        "service_tier": (.string, .passed),
        // OpenAI takes 4, others more: what an upstream takes is for it to say.
        "stop": (.stringOrStrings(mostStops), .passed),
        "store": (.boolean, .passed),
        "temperature": (.number(0...2), .passed),
        "top_logprobs": (.integer(0...20), .passed),
        "top_p": (.number(0...1), .passed),
        "user": (.string, .passed),
        "verbosity": (.oneOf(["low", "medium", "high"]), .passed),
        "web_search_options": (.object, .passed),
        "functions": (.array, .refused("'functions' is deprecated and not supported; use 'tools' instead.")),
        "function_call": (
            .any, .refused("'function_call' is deprecated and not supported; use 'tool_choice' instead.")
        ),
    ]
}

extension JSONKind {
    /// With its article, for sentences.
    package var phrase: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
