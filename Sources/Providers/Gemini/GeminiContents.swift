// A conversation as Gemini wants it: contents of the roles `user` and `model`, made of parts.

import JSON

/// Makes the `contents` of a request.
struct GeminiContents {
    let names: ToolNames
    let memory: ReplayMemory
    /// Gemini 3 refuses calls without their signatures.
    let needsSignatures: Bool
    let provider: String

    /// - Throws: `badRequest` for images that Gemini cannot get.
    func json(_ talk: Talk) throws(ProviderFailure) -> [JSONValue] {
        var contents: [(role: String, parts: [JSONValue])] = []
        for entry in talk.entries {
            var role = "user"
            var parts: [JSONValue] = []
            switch entry {
            case .user(let said): parts = try said.map(part)
            case .assistant(let said, let calls, let prefix):
                role = "model"
                parts = try said.map(part) + self.calls(calls, prefix: prefix)
            case .results(let results):
                // All responses of a parallel call in one content, in the order of the calls; images follow.
                parts = results.map(response)
                for result in results {
                    for image in result.parts where !image.isText { parts.append(try part(image)) }
                }
            }
            guard !parts.isEmpty else { continue }
            if contents.last?.role == role {
                contents[contents.count - 1].parts += parts
            } else {
                contents.append((role, parts))
            }
        }
        if contents.first?.role != "user" {
            contents.insert(("user", [["text": "(The conversation begins.)"]]), at: 0)
        }
        return contents.map { ["role": .string($0.role), "parts": .array($0.parts)] }
    }

    private func calls(_ calls: [Talk.Call], prefix: Int) -> [JSONValue] {
        let signatures = memory.parts(for: ReplayMemory.key(prefix: prefix, calls: calls)) ?? []
        let areKnown = signatures.contains { !$0.isNull }
        return calls.enumerated().map { index, call in
            var json: JSONObject = [
                "functionCall": ["name": .string(names.upstream(call.name)), "args": call.arguments]
            ]
            if index < signatures.count, !signatures[index].isNull {
                json["thoughtSignature"] = signatures[index]
            } else if needsSignatures, !areKnown, index == 0 {
                // The documented word for calls whose signature is not there any more.
                json["thoughtSignature"] = "skip_thought_signature_validator"
            }
            return .object(json)
        }
    }

    /// Responses find their calls by name and order; `response` must be an object.
    private func response(_ result: Talk.Result) -> JSONValue {
        let text = Talk.text(result.parts)
        var value = (try? JSONValue(parsing: text)) ?? .string(text)
        if value.kind != .object { value = [result.isMissing ? "error" : "output": value] }
        return ["functionResponse": ["name": .string(names.upstream(result.name)), "response": value]]
    }

    private func part(_ part: Talk.Part) throws(ProviderFailure) -> JSONValue {
        switch part {
        case .text(let text): return ["text": .string(text)]
        case .data(let type, let base64):
            return ["inlineData": ["mimeType": .string(type), "data": .string(base64)]]
        case .url(let url):
            // Others would have to be fetched by the gateway, which must not follow addresses that callers give it.
            guard url.hasPrefix("gs://") || url.hasPrefix("https://generativelanguage.googleapis.com/") else {
                throw Talk.refusal(
                    "Gemini fetches no images; send it as a data URL in base64",
                    place: "image_url.url",
                    provider: provider
                )
            }
            return ["fileData": ["fileUri": .string(url)]]
        }
    }
}

extension Talk.Part {
    var isText: Bool {
        if case .text = self { return true }
        return false
    }
}
