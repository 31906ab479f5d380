// What is configured to be said with every request of the OpenAI protocol.

import JSON
import OpenAIProtocol

extension ModelCall {
    /// With the members that are configured for the model and for its provider. Of several of one name the request's wins,
    /// then the model's.
    func adding(_ provider: JSONObject) -> ModelCall {
        if extra.isEmpty, provider.isEmpty { return self }
        var call = self
        var said = Set(vendorMembers.map(\.name))
        if let document = try? JSONDocument(parsing: [0x7B] + parameters + [0x7D]) {
            for member in document.root.members { said.insert(member.key) }
        }
        // Two names of one bound.
        let bounds: Set = ["max_tokens", "max_completion_tokens"]
        for (name, value) in extra.members + provider.members {
            if bounds.contains(name), !said.isDisjoint(with: bounds) { continue }
            // Upstreams refuse this one without tools.
            if name == "parallel_tool_calls", tools.isEmpty { continue }
            guard said.insert(name).inserted else { continue }
            var writer = JSONWriter()
            writer.string(name)
            if !call.parameters.isEmpty { call.parameters.append(0x2C) }
            call.parameters += writer.bytes + [0x3A] + value.bytes
        }
        return call
    }
}
