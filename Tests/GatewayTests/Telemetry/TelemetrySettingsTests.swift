// OpenTelemetry's environment variables.

import Conversation
import Identity
import Testing

@testable import Gateway

@Suite struct TelemetrySettingsTests {
    private static let endpoint = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"]

    private func settings(_ more: [String: String] = [:]) throws -> TelemetrySettings? {
        try TelemetrySettings(environment: Self.endpoint.merging(more) { $1 })
    }

    @Test func nothingIsSentWithoutAnEndpoint() throws {
        #expect(try TelemetrySettings(environment: [:]) == nil)
        #expect(try TelemetrySettings(environment: ["OTEL_EXPORTER_OTLP_ENDPOINT": " "]) == nil)
        #expect(try settings(["OTEL_SDK_DISABLED": "TRUE"]) == nil)
        #expect(try settings(["OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "prometheus"]) == nil)
        #expect(try settings(["OTEL_METRICS_EXPORTER": "none"])?.metrics == nil)
    }

    @Test func theCommonEndpointGetsPathsAndOthersDoNot() throws {
        let usual = try #require(try settings())
        #expect(usual.traces?.url == "http://c:4318/v1/traces")
        #expect(usual.metrics?.url == "http://c:4318/v1/metrics")
        #expect(usual.traces?.encoding == .protobuf)
        #expect(usual.traces?.timeout == .seconds(10))
        let own = try #require(
            try settings([
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://t/x", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c/base/",
                "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_HEADERS": "a=1%202, B = c==",
                "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "500",
            ])
        )
        #expect(own.traces?.url == "https://t/x")
        #expect(own.metrics?.url == "http://c/base/v1/metrics")
        #expect(own.traces?.encoding == .protobuf && own.metrics?.encoding == .json)
        #expect(own.traces?.timeout == .milliseconds(500) && own.metrics?.timeout == .seconds(10))
        #expect(own.traces?.headers.map { "\($0.name)=\($0.value.reveal())" } == ["a=1 2", "B=c=="])
        #expect(!"\(own)".contains("c=="))
    }

    @Test func theResourceNamesTheService() throws {
        let given = try #require(
            try settings(["OTEL_RESOURCE_ATTRIBUTES": "service.name=a,k=v%2C1", "OTEL_SERVICE_NAME": "b"])
        ).resource
        #expect(given.filter { $0.0 == "service.name" }.map(\.1) == ["b"])
        #expect(given.contains { $0 == ("k", "v,1") })
        #expect(try settings()?.resource.contains { $0 == ("service.name", "opsgate") } == true)
    }

    @Test(arguments: [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("OTEL_TRACES_SAMPLER", "sometimes"), ("OTEL_METRIC_EXPORT_INTERVAL", "soon"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no-pair-with-a-key"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
    ]) func whatMakesNoSenseIsNamed(_ name: String, _ value: String) {
        #expect {
            try settings([name: value])
        } throws: { error in
            let text = "\(error)"
            return text.contains(name) && !text.contains("with-a-key")
        }
    }

    @Test func samplersDecide() throws {
        let client = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"
        let (yes, no, none) = (TraceContext(client + "1"), TraceContext(client + "0"), TraceContext())
        func decisions(_ name: String, _ ratio: String? = nil) throws -> [Bool] {
            var more = ["OTEL_TRACES_SAMPLER": name]
            more["OTEL_TRACES_SAMPLER_ARG"] = ratio
            let settings = try #require(try settings(more))
            return [yes, no, none].map(settings.samples)
        }
        #expect(try decisions("always_on") == [true, true, true])
        #expect(try decisions("always_off") == [false, false, false])
        #expect(try decisions("parentbased_always_on") == [true, false, true])
        #expect(try decisions("parentbased_always_off") == [true, false, false])
        #expect(try decisions("parentbased_traceidratio", "0") == [true, false, false])
        #expect(try decisions("traceidratio", "1") == [true, true, true])
        let half = try #require(
            try settings(["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.5"])
        )
        let taken = (0..<2_000).count { _ in half.samples(TraceContext()) }
        #expect((800...1_200).contains(taken))
    }
}
