// The strict check of a chat request against the OpenAI document: top-level members and their ranges.

/// Checks what the gateway sends as strictly as the real service does, or more so.
struct RequestCheck {
    let body: [String: Value]

    /// Every member of the request in the OpenAI document (openai-python 3.52.0, `completion_create_params.py`).
    static let known: Set<String> = [
        "messages", "model", "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
        "max_completion_tokens", "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls",
        "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream",
        "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
        "web_search_options",
    ]

    /// - Throws: the first ``Refusal`` that applies.
    func check() throws(Refusal) {
        if let stranger = body.keys.sorted().first(where: { !RequestCheck.known.contains($0) }) {
            throw Refusal("Unrecognized request argument supplied: \(stranger)", parameter: stranger)
        }
        guard body["model"]?.string?.isEmpty == false else {
            throw Refusal("you must provide a model parameter", parameter: "model")
        }
        try MessageCheck(messages: body["messages"]).check()
        try ToolCheck(body: body).check()
        try checkNumbers()
        try checkFlags()
        try checkStreamOptions()
        try checkTexts()
    }

    private func checkNumbers() throws(Refusal) {
        for (name, range) in [
            "temperature": 0.0...2.0, "top_p": 0...1, "frequency_penalty": -2...2, "presence_penalty": -2...2,
        ] {
            guard let value = present(name) else { continue }
            guard let number = value.double, range.contains(number) else {
                throw invalid(name, value, "a number from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        for (name, range) in [
            "n": 1...128, "max_tokens": 1...Int.max, "max_completion_tokens": 1...Int.max,
            "seed": Int.min...Int.max, "top_logprobs": 0...20,
        ] {
            guard let value = present(name) else { continue }
            guard let number = value.integer, range.contains(number) else {
                throw invalid(name, value, "an integer in \(range)")
            }
        }
        if present("top_logprobs") != nil, body["logprobs"]?.bool != true {
            throw Refusal("top_logprobs requires logprobs to be true", parameter: "top_logprobs")
        }
    }

    private func checkFlags() throws(Refusal) {
        for name in ["stream", "store", "logprobs", "parallel_tool_calls"] {
            guard let value = present(name) else { continue }
            guard value.bool != nil else { throw invalid(name, value, "a boolean") }
        }
    }

    private func checkStreamOptions() throws(Refusal) {
        guard let value = present("stream_options") else { return }
        guard body["stream"]?.bool == true else {
            throw Refusal(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                parameter: "stream_options"
            )
        }
        guard let options = value.object else { throw invalid("stream_options", value, "an object") }
        for (name, option) in options {
            guard ["include_usage", "include_obfuscation"].contains(name), option.bool != nil else {
                throw Refusal("Unknown parameter: 'stream_options.\(name)'.", parameter: "stream_options.\(name)")
            }
        }
    }

    private func checkTexts() throws(Refusal) {
        for name in ["user", "safety_identifier", "prompt_cache_key", "reasoning_effort", "service_tier", "verbosity"] {
            guard let value = present(name) else { continue }
            guard value.string != nil else { throw invalid(name, value, "a string") }
        }
        for name in ["metadata", "logit_bias", "response_format", "prediction", "audio", "web_search_options"] {
            guard let value = present(name) else { continue }
            guard value.object != nil else { throw invalid(name, value, "an object") }
        }
        if let format = present("response_format") {
            guard ["text", "json_object", "json_schema"].contains(format.object?["type"]?.string ?? "") else {
                throw Refusal("Invalid value for 'response_format.type'.", parameter: "response_format.type")
            }
        }
        if let stop = present("stop"), stop.string == nil {
            guard let list = stop.array, (1...4).contains(list.count), list.allSatisfy({ $0.string != nil }) else {
                throw invalid("stop", stop, "a string or one to four strings")
            }
        }
    }

    /// The member unless it is missing or null: the document lets most members be null.
    private func present(_ name: String) -> Value? {
        body[name] == .null ? nil : body[name]
    }

    private func invalid(_ name: String, _ value: Value, _ wanted: String) -> Refusal {
        Refusal(
            "Invalid type or value for '\(name)': expected \(wanted), but got \(value.typeName) \(value.text.prefix(80)).",
            parameter: name,
            code: "invalid_type"
        )
    }
}
