// Arguments against a tool's schema: what passes, and that every fault names what would have been right.

import JSON
import Testing
import Tools

@Suite struct ArgumentCheckTests {
    private let check = ArgumentCheck(schema: [
        "type": "object",
        "properties": [
            "host": ["type": "string", "maxLength": 5],
            "level": ["type": "string", "enum": ["critical", "warning"]],
            "limit": ["type": "integer", "minimum": 1, "maximum": 100],
            "ratio": ["type": "number"],
            "labels": ["type": "array", "maxItems": 2, "items": ["type": "string"]],
            "window": [
                "type": "object", "properties": ["from": ["type": "string"]], "required": ["from"],
                "additionalProperties": false,
            ],
            "note": ["type": ["string", "null"]],
            "active": ["type": "boolean"],
        ],
        "required": ["host"],
        "additionalProperties": false,
    ])

    private func problems(_ text: String) -> [String] {
        switch check.check(text) {
        case .success: []
        case .failure(let fault): fault.problems
        }
    }

    @Test(arguments: [
        #"{"host":"db"}"#, #"{"host":"é漢字ab","level":"critical","limit":100,"ratio":0.5,"active":false}"#,
        #"{"host":"a","labels":["x","y"],"window":{"from":"now"},"note":null}"#, #"{"host":"a","limit":null}"#,
        #" {"host":"a"} "#,
    ]) func passes(_ text: String) {
        #expect(problems(text) == [])
    }

    @Test(arguments: [
        ("{}", "`host` is required."), (#"{"host":null}"#, "`host` is required."),
        (#"{"host":1}"#, "`host` must be string, not number."),
        (#"{"host":"abcdef"}"#, "`host` is longer than 5 characters."),
        (#"{"host":"a","level":"bad"}"#, #"`level` must be one of "critical", "warning"."#),
        (#"{"host":"a","limit":0}"#, "`limit` must be at least 1."),
        (#"{"host":"a","limit":101}"#, "`limit` must be at most 100."),
        (#"{"host":"a","limit":1.5}"#, "`limit` must be integer, not number."),
        (#"{"host":"a","limit":"5"}"#, "`limit` must be integer, not string."),
        (#"{"host":"a","labels":["x",2]}"#, "`labels[1]` must be string, not number."),
        (#"{"host":"a","labels":["x","y","z"]}"#, "`labels` has more than 2 elements."),
        (#"{"host":"a","window":{}}"#, "`window.from` is required."),
        (#"{"host":"a","window":{"from":"x","to":"y"}}"#, "`window.to` is not an argument; valid are `from`."),
        (#"{"host":"a","note":1}"#, "`note` must be string or null, not number."),
        ("[]", "The arguments must be a JSON object, not array."),
    ]) func says(_ text: String, _ problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test func namesTheValidArguments() {
        let problem = problems(#"{"host":"a","hosts":"b"}"#).first
        #expect(problem?.hasPrefix("`hosts` is not an argument; valid are `host`, `level`") == true)
    }

    @Test func brokenJSONIsSaidSo() {
        #expect(problems(#"{"host":"a""#).first?.hasPrefix("The arguments are not valid JSON") == true)
    }

    @Test func anEmptyTextIsNoArguments() {
        let none = ArgumentCheck(schema: ["type": "object", "properties": [:], "additionalProperties": false])
        for text in ["", "  \n", "{}"] {
            guard case .success(let arguments) = none.check(text) else {
                Issue.record("refused: \(text)")
                continue
            }
            #expect(arguments.isEmpty)
        }
        guard case .failure(let fault) = none.check(#"{"a":1}"#) else {
            Issue.record("accepted an argument that does not exist")
            return
        }
        #expect(fault.message == "`a` is not an argument; valid are none.")
    }

    /// A model's thousand mistakes must not become a thousand sentences of prompt.
    @Test func faultsAreBounded() {
        let many = (0..<1000).map { "\"x\($0)\":1" }.joined(separator: ",")
        #expect(problems("{\(many)}").count <= 8)
    }
}
