// References: what they cost is bounded by what they mean, not by what they say.

import Conversation
import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct ReferencedItemsTests {
    private static func token(_ number: Int) -> String { String("\(number)aaaaaaaaaaaaaaaaaaaaaaaa".prefix(24)) }

    /// A response with two items, the first of which has a text of this many bytes.
    private func kept(_ number: Int, bytes: Int) -> (response: StoredResponse, ids: [String]) {
        let ids = (0..<2).map { ResponseID.item("msg_", token: Self.token(number), index: $0) }
        let texts = [String(repeating: "x", count: bytes), "small"]
        let items = zip(ids, texts).map { id, text in
            #"{"id":"\#(id)","type":"message","role":"assistant","content":"\#(text)"}"#
        }
        let response = StoredResponse(
            id: ResponseID.response(token: Self.token(number)),
            userID: 1,
            team: 1,
            previousID: nil,
            input: "[]",
            body: "{\"output\":[\(items.joined(separator: ","))]}",
            createdAt: 1
        )
        return (response, ids)
    }

    private func expectTooLarge(_ body: () throws -> Void) {
        let error = #expect(throws: OpenAIError.self) { try body() }
        #expect(error?.status == 413)
        #expect(error?.param == "input")
    }

    @Test func onlyWhatIsWantedIsKept() throws {
        let (response, ids) = kept(1, bytes: 1 << 20)
        var items = ReferencedItems([ids[1], "unknown"])
        #expect(items.responses == [response.id])
        try items.take(response)
        #expect(items[ids[0]] == nil)
        let item = try #require(items[ids[1]])
        #expect(item["content"]?.string == "small")
        // The document that it holds is its own.
        #expect(item.range.lowerBound == 0)
    }

    @Test func notMoreIsReadThanABodyMayBe() throws {
        let all = (10..<15).map { kept($0, bytes: 4 << 20) }
        var items = ReferencedItems(all.map { $0.ids[1] })
        #expect(items.responses.count == 5)
        for one in all.prefix(3) { try items.take(one.response) }
        expectTooLarge { for one in all.suffix(2) { try items.take(one.response) } }
    }

    @Test func aLargeItemIsNotPastedOften() throws {
        let (response, ids) = kept(1, bytes: 3 << 20)
        var items = ReferencedItems(ids)
        try items.take(response)
        func asked(_ count: Int) throws -> ResponseRequest {
            let references = Array(repeating: #"{"type":"item_reference","id":"\#(ids[0])"}"#, count: count)
            let input = references.joined(separator: ",")
            var asked = try ResponseRequest(parsing: Array("{\"model\":\"m\",\"input\":[\(input)]}".utf8))
            try asked.resolve { items[$0] }
            return asked
        }
        #expect(try asked(5).items.count == 5)
        expectTooLarge { _ = try asked(6) }
    }
}
