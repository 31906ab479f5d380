// Requests for embeddings and their answers.

import JSON
import Testing

@testable import OpenAIProtocol

@Suite struct EmbeddingTests {
    private func read(_ members: String) throws -> EmbeddingRequest {
        try EmbeddingRequest(parsing: Array("{\"model\":\"p/m\",\(members)}".utf8))
    }

    @Test(arguments: [
        (#""input":"hello""#, 1, 2), (#""input":["a","bcdefghi"]"#, 2, 3), (#""input":[1,2,3]"#, 1, 3),
        (#""input":[[1,2],[3]]"#, 2, 3),
    ])
    func formsOfInput(_ members: String, _ count: Int, _ tokens: Int) throws {
        let request = try read(members)
        #expect(request.count == count)
        #expect(request.estimatedTokens == tokens)
        #expect(request.encoding == .float)
    }

    @Test func members() throws {
        let request = try read(#""input":"x","encoding_format":"base64","dimensions":8,"user":"u","stream":true"#)
        #expect(request.encoding == .base64)
        #expect(request.dimensions == 8)
        #expect(request.user == "u")
        #expect(request.ignored == ["stream"])
        let bare = try read(#""input":"x","encoding_format":null,"dimensions":null,"user":null"#)
        #expect(bare.encoding == .float)
        #expect(bare.dimensions == nil)
    }

    @Test func vendorsMembersAreKept() throws {
        let request = try read(#""input":"x","input_type":"query","truncate" : 1.0,"Input":"y","Model":"z","n":2"#)
        #expect(request.vendorMembers.map(\.name) == ["input_type", "truncate"])
        #expect(request.vendorMembers.map { String(decoding: $0.json, as: UTF8.self) } == [#""query""#, "1.0"])
        #expect(request.ignored == ["Input", "Model", "n"])
    }

    @Test(arguments: [
        ("\"x\":1", "input"), (#""input":null"#, "input"), (#""input":7"#, "input"), (#""input":"""#, "input"),
        (#""input":[]"#, "input"), (#""input":{}"#, "input"), (#""input":[""]"#, "input[0]"),
        (#""input":["a",1]"#, "input[1]"), (#""input":[1,"a"]"#, "input[1]"), (#""input":[1.5]"#, "input[0]"),
        (#""input":[-1]"#, "input[0]"), (#""input":[[]]"#, "input[0]"), (#""input":[[1],["a"]]"#, "input[1][0]"),
        (#""input":[{"text":"a"}]"#, "input[0]"), (#""input":[null]"#, "input[0]"),
        (#""input":"x","encoding_format":"hex""#, "encoding_format"), (#""input":"x","dimensions":0"#, "dimensions"),
        (#""input":"x","dimensions":"8""#, "dimensions"), (#""input":"x","user":5"#, "user"),
    ])
    func whatIsWrongIsNamed(_ members: String, _ field: String) {
        let error = #expect(throws: OpenAIError.self) { try read(members) }
        #expect(error?.status == 400)
        #expect(error?.param == field)
    }

    @Test func limits() throws {
        let most = Array(repeating: "\"a\"", count: EmbeddingRequest.maximumInputs)
        #expect(try read("\"input\":[\(most.joined(separator: ","))]").count == EmbeddingRequest.maximumInputs)
        #expect(throws: OpenAIError.self) { try read("\"input\":[\((most + ["\"a\""]).joined(separator: ","))]") }
        let ids = Array(repeating: "1", count: EmbeddingRequest.maximumTokens + 1).joined(separator: ",")
        #expect(throws: OpenAIError.self) { try read("\"input\":[\(ids)]") }
        let half = Array(repeating: "1", count: EmbeddingRequest.maximumTokens / 2 + 1).joined(separator: ",")
        #expect(throws: OpenAIError.self) { try read("\"input\":[[\(half)],[\(half)]]") }
    }

    @Test func floatsComeBackAsTheyWere() throws {
        let vectors: [[Float]] = [[0.1, -2.5e-07, 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude], [-0.0, 1e20]]
        let body = EmbeddingList(vectors: vectors, model: "m", usage: Usage(promptTokens: 5)).body(.float)
        let value = try JSONValue(parsing: body)
        let read = value["data"]?.array?.map { $0["embedding"]?.array?.map { Float($0.double ?? .nan) } ?? [] }
        #expect(read == vectors)
        #expect(value["data"]?.array?.map { $0["index"]?.int } == [0, 1])
        #expect(value["object"] == "list")
        #expect(value["usage"] == ["prompt_tokens": 5, "total_tokens": 5])
    }

    @Test func base64IsLittleEndian() throws {
        let body = EmbeddingList(vectors: [[1, -2]], model: "m", usage: Usage()).body(.base64)
        #expect(try JSONValue(parsing: body)["data"]?.array?.first?["embedding"] == "AACAPwAAAMA=")
        // RFC 4648 section 10.
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            #expect(String(decoding: Base64.encode(Array(plain.utf8)), as: UTF8.self) == encoded)
        }
    }
}
