// Vendors' parameters: as they came, and never what the gateway says itself.

import JSON
import Testing

@testable import OpenAIProtocol

@Suite struct VendorMembersTests {
    private func request(_ members: String) throws -> ChatRequest {
        try ChatRequest(parsing: requestBody(members))
    }

    @Test func theyKeepTheirBytes() throws {
        let request = try request(#""top_k" : 0.50e1 ,"provider":{ "order":["a"] },"top_k": 7"#)
        #expect(request.vendorMembers.map(\.name) == ["provider", "top_k"])
        #expect(request.vendorMembers.map { String(decoding: $0.json, as: UTF8.self) } == [#"{ "order":["a"] }"#, "7"])
        #expect(request.ignored.isEmpty)
    }

    /// Servers that read names without regard to case, or that fold them, must not find another model there.
    @Test(arguments: [
        "Model", "STREAM", "meSSages", "N", "Temperature", "me\u{17F}\u{17F}ages", "a\\\":1,\\\"model", "", "a b",
        "apiMode",
        String(repeating: "a", count: 65),
    ]) func namesThatArePassedToNobody(_ name: String) throws {
        let request = try request("\"\(name)\":1")
        #expect(request.vendorMembers.isEmpty)
        #expect(request.ignored.count == 1)
    }

    @Test func whatIsTooMuchIsNamed() throws {
        let long = String(repeating: "x", count: 40_000)
        let request = try request("\"a\":\"\(long)\",\"b\":\"\(long)\",\"c\":1")
        #expect(request.vendorMembers.map(\.name) == ["a", "c"])
        #expect(request.ignored == ["b"])
    }

    @Test func whatMayBeConfigured() {
        for name in ["enable_thinking", "top_k", "temperature", "max_tokens"] {
            #expect(VendorMembers.mayBeConfigured(name), "\(name)")
        }
        for name in ["model", "stream", "n", "tools", "functions", "Model", "Temperature", "a b", ""] {
            #expect(!VendorMembers.mayBeConfigured(name), "\(name)")
        }
    }
}
