// Members without effect: each once, in order, and no more than are shown.

import JSON
import Testing

@testable import OpenAIProtocol

@Suite struct IgnoredMembersTests {
    @Test func eachOnceAndInOrder() throws {
        var ignored = IgnoredMembers()
        ignored.insert("b")
        ignored.insert(
            membersOf: try JSONDocument(parsing: #"{"a":1,"b":2,"type":3,"none":null}"#).root,
            besides: ["type"]
        )
        var others = IgnoredMembers()
        for name in ["c", "a"] { others.insert(name) }
        ignored.insert(others)
        #expect(ignored.names == ["b", "a", "c"])
    }

    @Test func noMoreThanAreShown() throws {
        let members = (0..<200_000).map { "\"u\($0)\":1" }.joined(separator: ",")
        let embedding = try EmbeddingRequest(parsing: Array("{\"model\":\"m\",\"input\":\"x\",\(members)}".utf8))
        // The first are kept for whoever may know them.
        let known = embedding.vendorMembers.count
        #expect(embedding.ignored == (known..<known + IgnoredMembers.most).map { "u\($0)" })
        let options = requestBody("\"stream\":true,\"stream_options\":{\(members)},\(members)")
        #expect(try ChatRequest(parsing: options).ignored.count == IgnoredMembers.most)
    }
}
