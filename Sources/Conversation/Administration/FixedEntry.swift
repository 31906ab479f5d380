// Entries that no row holds: what the environment and files say, as lists show it.

import JSON
import Providers
import Resources

/// An entry that can be seen here and changed elsewhere.
struct FixedEntry: Sendable {
    /// Its members as answers show them, `id` among them.
    var object: JSONObject
    /// Where it is said, for people: `the file /etc/opsgate/providers.yaml`.
    var source: String

    var id: Int64 { object["id"]?.number?.int ?? 0 }

    /// - Parameter name: unique in its list.
    init(_ list: String, _ name: String, source: String, origin: String, _ members: JSONObject) {
        var object: JSONObject = ["id": .integer(Self.id(list, name))]
        for (key, value) in members { object[key] = value }
        for key in ["problem", "created_by", "created_at", "updated_at"] where object[key] == nil {
            object[key] = .null
        }
        object["origin"] = .string(origin)
        object["in_force"] = true
        self.object = object
        self.source = source
    }

    /// A number for what has no row: below zero, where no row is, made from the name, so that it is the same on every
    /// node and after every start. 52 bits, which JavaScript can hold (FNV-1a).
    static func id(_ list: String, _ name: String) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(list)/\(name)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return -Int64(hash & 0xF_FFFF_FFFF_FFFF) - 1
    }
}

extension ProviderSettings {
    var members: JSONObject {
        [
            "name": .string(name), "kind": .string(kind.rawValue), "base_url": .string(shownURL),
            "headers": .object(
                JSONObject(headers.sorted { $0.key < $1.key }.map { ($0.key, .string(SealedMember.mask)) })
            ),
            "dialect": dialect.map { .string($0) } ?? .null, "api_version": apiVersion.map { .string($0) } ?? .null,
            "deployments": .object(
                JSONObject(deployments.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
            ),
            "extra": .object(extra), "key_as": keyPresentation.map { .string($0.rawValue) } ?? .null,
            "timeouts": .object(timeouts.members), "trace": .bool(sendsTrace), "is_active": .bool(isActive),
            "description": "",
            "key_count": .integer(Int64(apiKeys.count)),
            "keys": .array(apiKeys.map { .string(ProviderResources.hint($0)) }),
        ]
    }
}

extension ModelProfile {
    var members: JSONObject {
        [
            "name": .string(name), "context": .optional(contextTokens), "max_output": .optional(maximumOutputTokens),
            "tools": .string(toolMode.rawValue), "images": .bool(takesImages), "json_schema": .bool(writesJSONSchema),
            "reasoning": .bool(reasons), "embeddings": .bool(embeds),
            "price": price.map { .object($0.members) } ?? .null, "extra": .object(extra),
        ]
    }
}

extension ModelPrice {
    fileprivate var members: JSONObject {
        var object: JSONObject = ["input": .money(input), "output": .money(output)]
        object["cached_input"] = cachedInput.map { .money($0) }
        object["cache_write"] = cacheWrite.map { .money($0) }
        return object
    }
}

extension RouteSettings {
    var members: JSONObject {
        [
            "name": .string(name), "targets": .array(targets.map { .object($0.members) }),
            "retries": .integer(Int64(retries)), "timeouts": .object(timeouts.members),
        ]
    }
}

extension TargetSettings {
    fileprivate var members: JSONObject {
        var object: JSONObject = [
            "model": .string(model), "order": .integer(Int64(order)), "weight": .integer(Int64(weight)),
        ]
        var limits = JSONObject()
        limits["needs_tools"] = conditions.needsTools.map { .bool($0) }
        limits["images"] = conditions.images.map { .bool($0) }
        limits["min_context"] = conditions.minimumContext.map { .integer($0) }
        limits["max_context"] = conditions.maximumContext.map { .integer($0) }
        if !limits.isEmpty { object["conditions"] = .object(limits) }
        if !timeouts.isEmpty { object["timeouts"] = .object(timeouts.members) }
        return object
    }
}

extension TimeoutSettings {
    fileprivate var members: JSONObject {
        var object = JSONObject()
        for (name, time) in [("connect", connect), ("first_byte", firstByte), ("idle", idle), ("total", total)] {
            object[name] = time.map { time in
                let milliseconds = time.milliseconds
                return .string(milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms")
            }
        }
        return object
    }
}

extension JSONValue {
    fileprivate static func optional(_ number: Int?) -> JSONValue { number.map { .integer($0) } ?? .null }

    /// Millionths as a decimal.
    fileprivate static func money(_ micros: Int64) -> JSONValue {
        micros % 1_000_000 == 0 ? .integer(micros / 1_000_000) : .number(JSONNumber(Double(micros) / 1_000_000))
    }
}
