// Pages of what a response was asked with.

import Conversation
import JSON
import OpenAIProtocol
import Testing

@testable import Gateway

@Suite struct ResponseItemPageTests {
    private let response = StoredResponse(
        id: "resp_1",
        userID: 7,
        team: 3,
        previousID: nil,
        input: #"[{"id":"a","role":"user","content":"1"},{"id":"b","role":"user","content":"2"},{"id":"c"}]"#,
        body: "{}",
        createdAt: 0
    )

    private func page(_ query: (String, String)...) throws -> JSONValue {
        try ResponseItemPage(query).list(of: response)
    }

    @Test func pagesFollowOneAnother() throws {
        var seen: [JSONValue?] = []
        var query = [("limit", "2"), ("order", "asc")]
        while true {
            let page = try ResponseItemPage(query).list(of: response)
            seen += page["data"]?.array?.map { $0["id"] } ?? []
            guard page["has_more"] == true, seen.count < 9 else { break }
            query = [("limit", "2"), ("order", "asc"), ("after", page["last_id"]?.string ?? "")]
        }
        #expect(seen == ["a", "b", "c"])
        #expect(try page()["first_id"] == "c")
    }

    @Test(arguments: [("after", "nobody"), ("limit", "0"), ("limit", "101"), ("order", "up")])
    func whatIsWrongIsNamed(_ name: String, _ value: String) {
        let error = #expect(throws: OpenAIError.self) { try page((name, value)) }
        #expect(error?.status == 400 && error?.param == name)
    }
}
