// Reads providers, models and routes from nodes (DESIGN.md section 3), whether they were a file or a body.

import Identity
import JSON
import OpenAIProtocol
package import Providers
package import YAML

/// From nodes to values, for `providers.yaml` and for what the store holds: one set of rules for both.
package struct ProviderReader: Sendable {
    /// What the entries are marked with.
    package let origin: ConfigurationOrigin
    /// Where `${NAME}` is looked up; nil when such a text means itself, as in the store: whoever may set up a provider
    /// over HTTP must not be able to read the program's environment.
    package let environment: [String: String]?

    package init(origin: ConfigurationOrigin, environment: [String: String]?) {
        self.origin = origin
        self.environment = environment
    }

    package func provider(_ node: YAMLNode) throws(YAMLFault) -> ProviderSettings {
        try node.allowOnly([
            "name", "kind", "base_url", "api_keys", "dialect", "api_version", "deployments", "key_as", "headers",
            "extra", "timeouts", "trace", "active",
        ])
        let kind: ProviderKind = try choice(try node.required("kind"))
        return ProviderSettings(
            name: try text(try node.required("name")),
            kind: kind,
            baseURL: try node["base_url"].map(text)?.withoutTrailingSlashes,
            apiKeys: try node["api_keys"].map(texts)?.map(Secret.init) ?? [],
            dialect: try node["dialect"].map(text),
            apiVersion: try node["api_version"].map(text),
            deployments: try node["deployments"].map(table) ?? [:],
            keyPresentation: try node["key_as"].map(choice),
            headers: try node["headers"].map(table) ?? [:],
            extra: try node["extra"].map(extra) ?? [:],
            timeouts: try node["timeouts"].map(timeouts) ?? TimeoutSettings(),
            sendsTrace: try node["trace"]?.boolean() ?? true,
            isActive: try node["active"]?.boolean() ?? true,
            origin: origin
        )
    }

    package func model(_ node: YAMLNode) throws(YAMLFault) -> ModelProfile {
        try node.allowOnly([
            "name", "context", "max_output", "tools", "images", "json_schema", "reasoning", "embeddings", "price",
            "extra",
        ])
        var profile = ModelProfile(name: try text(try node.required("name")))
        profile.contextTokens = try node["context"]?.integer(in: 1...100_000_000)
        profile.maximumOutputTokens = try node["max_output"]?.integer(in: 1...100_000_000)
        if let tools = node["tools"] { profile.toolMode = try choice(tools) }
        if let images = node["images"] { profile.takesImages = try images.boolean() }
        if let schema = node["json_schema"] { profile.writesJSONSchema = try schema.boolean() }
        if let reasoning = node["reasoning"] { profile.reasons = try reasoning.boolean() }
        if let embeddings = node["embeddings"] { profile.embeds = try embeddings.boolean() }
        profile.price = try node["price"].map(price)
        profile.extra = try node["extra"].map(extra) ?? [:]
        return profile
    }

    /// Members that go with every request.
    private func extra(_ node: YAMLNode) throws(YAMLFault) -> JSONObject {
        var object = JSONObject()
        for (name, value) in try node.members() {
            guard VendorMembers.mayBeConfigured(name) else {
                throw value.fault("`\(value.path)` cannot be set here: it is the request's own, or no name")
            }
            object[name] = try value.json(text)
        }
        guard object.count <= Self.mostExtra, JSONValue.object(object).bytes.count <= Self.mostExtraBytes else {
            throw node.fault(
                "`\(node.path)` must have at most \(Self.mostExtra) members and \(Self.mostExtraBytes) bytes"
            )
        }
        return object
    }

    private static let mostExtra = 32
    static let mostExtraBytes = 16 << 10

    /// Money for a million tokens, in millionths.
    private func price(_ node: YAMLNode) throws(YAMLFault) -> ModelPrice {
        try node.allowOnly(["input", "output", "cached_input", "cache_write"])
        func money(_ node: YAMLNode) throws(YAMLFault) -> Int64 {
            Int64((try node.number(in: 0...1_000_000) * 1_000_000).rounded())
        }
        return ModelPrice(
            input: try money(try node.required("input")),
            output: try node["output"].map(money) ?? 0,
            cachedInput: try node["cached_input"].map(money),
            cacheWrite: try node["cache_write"].map(money)
        )
    }

    package func route(_ name: String, _ node: YAMLNode) throws(YAMLFault) -> RouteSettings {
        // Limits of what is stored are resources of their own.
        try node.allowOnly(["targets", "retries", "timeouts"] + (origin == .file ? ["limits"] : []))
        var targets: [TargetSettings] = []
        for element in try node.required("targets").elements() { targets.append(try target(element)) }
        return RouteSettings(
            name: name,
            targets: targets,
            retries: try node["retries"]?.integer(in: 0...10) ?? RouteSettings.usualRetries,
            timeouts: try node["timeouts"].map(timeouts) ?? TimeoutSettings(),
            origin: origin
        )
    }

    /// How much of a route may be used, by all callers together.
    package func limits(_ node: YAMLNode) throws(YAMLFault) -> LimitSet {
        try node.allowOnly(LimitSet.words)
        return try LimitSet(node)
    }

    private func target(_ node: YAMLNode) throws(YAMLFault) -> TargetSettings {
        try node.allowOnly(["model", "order", "weight", "conditions", "timeouts"])
        return TargetSettings(
            model: try text(try node.required("model")),
            order: try node["order"]?.integer(in: 0...1000) ?? 0,
            weight: try node["weight"]?.integer(in: 0...1000) ?? 1,
            conditions: try node["conditions"].map(conditions) ?? TargetConditions(),
            timeouts: try node["timeouts"].map(timeouts) ?? TimeoutSettings()
        )
    }

    private func conditions(_ node: YAMLNode) throws(YAMLFault) -> TargetConditions {
        try node.allowOnly(["needs_tools", "images", "min_context", "max_context"])
        return TargetConditions(
            needsTools: try node["needs_tools"]?.boolean(),
            images: try node["images"]?.boolean(),
            minimumContext: try node["min_context"]?.integer(in: 0...100_000_000),
            maximumContext: try node["max_context"]?.integer(in: 0...100_000_000)
        )
    }

    private func timeouts(_ node: YAMLNode) throws(YAMLFault) -> TimeoutSettings {
        try node.allowOnly(["connect", "first_byte", "idle", "total"])
        func time(_ name: String) throws(YAMLFault) -> Duration? {
            guard let node = node[name] else { return nil }
            let time = try node.duration()
            guard time > .zero, time <= .seconds(86_400) else {
                throw node.fault("`\(node.path)` must be more than nothing and at most a day")
            }
            return time
        }
        return TimeoutSettings(
            connect: try time("connect"),
            firstByte: try time("first_byte"),
            idle: try time("idle"),
            total: try time("total")
        )
    }

    // MARK: Texts

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ node: YAMLNode
    ) throws(YAMLFault) -> Choice {
        guard let choice = Choice(rawValue: try node.string()) else {
            throw node.fault("`\(node.path)` must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    private func texts(_ node: YAMLNode) throws(YAMLFault) -> [String] {
        var all: [String] = []
        for element in try node.elements() { all.append(try text(element)) }
        return all
    }

    private func table(_ node: YAMLNode) throws(YAMLFault) -> [String: String] {
        var all: [String: String] = [:]
        for (name, value) in try node.members() { all[name] = try text(value) }
        return all
    }

    /// A string with `${NAME}` replaced, once: braces in a value stay as they are.
    private func text(_ node: YAMLNode) throws(YAMLFault) -> String {
        guard let environment else { return try node.string() }
        var rest = try node.string()[...]
        var text = ""
        while let open = rest.firstRange(of: "${") {
            text += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                throw node.fault("`\(node.path)`: `${` is not closed")
            }
            let name = String(rest[open.upperBound..<close])
            guard let value = environment[name] else {
                throw node.fault("`\(node.path)`: the environment variable \(name) is not set")
            }
            text += value
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }
}

extension Optional where Wrapped == YAMLNode {
    /// `map` that keeps the kind of error.
    fileprivate func map<Value>(_ read: (YAMLNode) throws(YAMLFault) -> Value) throws(YAMLFault) -> Value? {
        guard let node = self else { return nil }
        return try read(node)
    }
}
