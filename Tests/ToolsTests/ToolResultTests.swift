// Results within their bytes: valid JSON, exact totals, no cursor that leads past what was dropped.

import Foundation
import JSON
import Testing
import Tools

/// SplitMix64; the seed of a failed run is in its message and can be given as `OPSGATE_TEST_SEED`.
private struct Generator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init() {
        let given = ProcessInfo.processInfo.environment["OPSGATE_TEST_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 0...UInt64.max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func text(_ most: Int) -> String {
        let letters = Array("abc \"\\\n\u{1}é漢🙂")
        return String(
            (0..<Int.random(in: 0...most, using: &self)).map { _ in letters.randomElement(using: &self) ?? "a" }
        )
    }

    mutating func chance() -> Bool { Bool.random(using: &self) }
}

@Suite struct ToolResultTests {
    @Test func neverMoreThanTheLimit() throws {
        var generator = Generator()
        for round in 0..<2000 {
            let rows = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                JSONValue.object(["host": .string(generator.text(40)), "n": 1])
            }
            let total = generator.chance() ? Int.random(in: 0...1_000_000, using: &generator) : nil
            let result = ToolResult(
                data: generator.chance() ? .array(rows) : .object(["text": .string(generator.text(900))]),
                total: total,
                returned: rows.count,
                cursor: generator.chance() ? generator.text(60) : nil,
                link: generator.chance() ? generator.text(300) : nil,
                hint: generator.chance() ? generator.text(300) : nil,
                message: generator.chance() ? generator.text(300) : nil
            )
            let limit = Int.random(in: 200...3000, using: &generator)
            let bytes = result.json(limit: limit)
            let why: Comment = "seed \(generator.seed), round \(round)"
            #expect(bytes.count <= limit, why)
            let json = try JSONValue(parsing: bytes)
            #expect(json["total"]?.int == total, why)
            let kept = json["data"]?.array
            if let kept { #expect(json["returned"]?.int == kept.count, why) }
            if json["truncated"] == true { #expect(json["cursor"] == nil, why) }
            if bytes.count < limit, case .array = result.data, let kept {
                #expect(kept == Array(rows.prefix(kept.count)), why)
            }
        }
    }

    @Test func aResultThatFitsIsWhole() throws {
        let result = ToolResult(
            data: [1, 2],
            total: 9,
            returned: 2,
            truncated: true,
            cursor: "c",
            link: "l",
            hint: "h"
        )
        #expect(
            String(decoding: result.json(limit: 1000), as: UTF8.self)
                == #"{"status":"ok","total":9,"returned":2,"truncated":true,"cursor":"c","data":[1,2],"link":"l","hint":"h"}"#
        )
    }

    @Test func rowsAreDroppedFromTheEnd() throws {
        let rows = (0..<100).map {
            JSONValue.object(["n": .integer($0), "pad": .string(String(repeating: "x", count: 50))])
        }
        let json = try JSONValue(
            parsing: ToolResult(data: .array(rows), total: 500, returned: 100, cursor: "c").json(limit: 2000)
        )
        let kept = try #require(json["data"]?.array)
        #expect(kept.count > 10 && kept == Array(rows.prefix(kept.count)))
        #expect(json["returned"]?.int == kept.count)
        #expect(json["total"] == 500)
        #expect(json["truncated"] == true)
        #expect(json["cursor"] == nil)
        #expect(json["hint"]?.string?.contains("narrow") == true)
    }

    @Test func aValueThatIsTooLargeBecomesAHint() throws {
        let json = try JSONValue(
            parsing: ToolResult(data: .string(String(repeating: "x", count: 5000)), total: 1).json(limit: 300)
        )
        #expect(json["data"] == nil)
        #expect(json["truncated"] == true)
        #expect(json["total"] == 1)
    }

    @Test func errorsSayWhatAndWhatNext() {
        #expect(
            String(decoding: ToolResult.error("No.", hint: "Try.").json(limit: 500), as: UTF8.self)
                == #"{"status":"error","message":"No.","hint":"Try."}"#
        )
    }

    @Test(arguments: [
        (ToolStatus.ok, "ok"), (.noData, "no_data"), (.error, "error"), (.approvalRequired, "approval_required"),
    ])
    func statuses(_ status: ToolStatus, _ word: String) throws {
        #expect(try JSONValue(parsing: ToolResult(status: status).json(limit: 500))["status"]?.string == word)
    }
}
