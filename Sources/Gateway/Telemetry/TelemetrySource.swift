// Reads OpenTelemetry's environment variables.

import Foundation
import Identity

/// The variables; empty ones count as not set (OpenTelemetry, "Environment Variable Specification").
struct TelemetrySource {
    private let environment: [String: String]

    init(environment: [String: String]) {
        self.environment = environment
    }

    subscript(name: String) -> String? {
        let text = environment[name]?.trimmed ?? ""
        return text.isEmpty ? nil : text
    }

    /// A variable for one signal, or for both.
    private func either(_ signal: String, _ rest: String) -> (name: String, value: String)? {
        for name in ["OTEL_EXPORTER_OTLP_\(signal)_\(rest)", "OTEL_EXPORTER_OTLP_\(rest)"] {
            if let value = self[name] { return (name, value) }
        }
        return nil
    }

    /// - Parameter path: what is appended to the common endpoint; one of its own is taken as it is.
    func signal(_ signal: String, path: String) throws(TelemetryFault) -> TelemetrySettings.Signal? {
        // `none`, or somebody else's, such as `prometheus`, which is there at `/metrics`.
        if let exporters = self["OTEL_\(signal)_EXPORTER"] {
            guard exporters.split(separator: ",").contains(where: { String($0).trimmed == "otlp" }) else { return nil }
        }
        guard let (name, endpoint) = either(signal, "ENDPOINT") else { return nil }
        guard endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://"),
            endpoint.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw TelemetryFault("\(name) must be an address that begins with http:// or https://")
        }
        let isOwn = name != "OTEL_EXPORTER_OTLP_ENDPOINT"
        let url = isOwn ? endpoint : endpoint + (endpoint.hasSuffix("/") ? "" : "/") + path
        var encoding = TelemetrySettings.Encoding.protobuf
        if let (name, value) = either(signal, "PROTOCOL") {
            guard let known = TelemetrySettings.Encoding(rawValue: value) else {
                throw TelemetryFault(
                    "\(name) is \(value), which is not supported here: use http/protobuf or http/json"
                        + (value == "grpc" ? " and the collector's HTTP port, usually 4318" : "")
                )
            }
            encoding = known
        }
        let timeout = either(signal, "TIMEOUT")?.name ?? "OTEL_EXPORTER_OTLP_TIMEOUT"
        let milliseconds = try integer(timeout, in: 1...3_600_000) ?? 10_000
        var headers: [(name: String, value: Secret)] = []
        if let (name, value) = either(signal, "HEADERS") {
            headers = try pairs(value, name).map { (name: $0.0, value: Secret($0.1)) }
        }
        return TelemetrySettings.Signal(
            url: url,
            encoding: encoding,
            headers: headers,
            timeout: .milliseconds(milliseconds),
            caFile: either(signal, "CERTIFICATE")?.value
        )
    }

    func resource() throws(TelemetryFault) -> [(String, String)] {
        var attributes = try pairs(self["OTEL_RESOURCE_ATTRIBUTES"] ?? "", "OTEL_RESOURCE_ATTRIBUTES")
        if let name = self["OTEL_SERVICE_NAME"] {
            attributes.removeAll { $0.0 == "service.name" }
            attributes.append(("service.name", name))
        }
        let own = [
            ("service.name", "opsgate"), ("service.version", ProgramVersion.current),
            ("telemetry.sdk.name", "opsgate"), ("telemetry.sdk.language", "swift"),
            ("telemetry.sdk.version", ProgramVersion.current), ("host.name", ProcessInfo.processInfo.hostName),
            // Without it the counters of two nodes would be taken for one.
            ("service.instance.id", UUID().uuidString.lowercased()),
        ]
        return attributes + own.filter { pair in !attributes.contains { $0.0 == pair.0 } }
    }

    func sampler() throws(TelemetryFault) -> (TelemetrySettings.Sampler, followsParent: Bool) {
        let name = self["OTEL_TRACES_SAMPLER"] ?? "parentbased_always_on"
        switch name {
        case "always_on": return (.always, false)
        case "always_off": return (.never, false)
        case "traceidratio": return (.ratio(try ratio()), false)
        case "parentbased_always_on": return (.always, true)
        case "parentbased_always_off": return (.never, true)
        case "parentbased_traceidratio": return (.ratio(try ratio()), true)
        default: throw TelemetryFault("OTEL_TRACES_SAMPLER: \(name) is not known")
        }
    }

    private func ratio() throws(TelemetryFault) -> Double {
        guard let text = self["OTEL_TRACES_SAMPLER_ARG"] else { return 1 }
        guard let ratio = Double(text), (0...1).contains(ratio) else {
            throw TelemetryFault("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, not \(text)")
        }
        return ratio
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(TelemetryFault) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw TelemetryFault(
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)"
            )
        }
        return value
    }

    /// `key=value,key=value`, percent-encoded (W3C Baggage). The values stay out of the message: they may be keys.
    private func pairs(_ text: String, _ variable: String) throws(TelemetryFault) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for part in text.split(separator: ",") where !String(part).trimmed.isEmpty {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let key = String(sides[0]).trimmed.removingPercentEncoding, !key.isEmpty,
                let value = String(sides[1]).trimmed.removingPercentEncoding
            else {
                throw TelemetryFault("\(variable) must be key=value pairs with commas between them")
            }
            pairs.append((key, value))
        }
        return pairs
    }
}

extension String {
    fileprivate var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
