// What messages count for, with images and documents in them.

import OpenAIProtocol
import Testing

@Suite struct TokenEstimateTests {
    private func count(_ text: String) -> Int { TokenEstimate.textBytes(ofMessages: Array(text.utf8)) }

    private func image(_ bytes: Int, type: String = "image/png") -> String {
        #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:\#(type);base64,"#
            + String(repeating: "iVBO/+w0", count: bytes / 8) + #""}}]}"#
    }

    @Test func imagesAreNotTheirBytes() {
        let one = count(image(4_000_000))
        #expect(one == image(0).utf8.count + 4 * TokenEstimate.imageTokens)
        #expect(count(image(800_000) + "," + image(4_000_000)) == 2 * one + 1)
        #expect(
            count(image(3_000_000, type: "application/pdf")) == image(0, type: "application/pdf").utf8.count + 4_000
        )
        // One that is smaller than what is taken for it is what it is.
        let small = image(640) + String(repeating: " ", count: 10_000)
        #expect(count(small) == small.utf8.count)
    }

    /// Nobody makes a text cheap by a few letters before it.
    @Test func textsAreTheirBytes() {
        let prose = String(repeating: "Many words. ", count: 10_000)
        let letters = String(repeating: "A", count: 100_000)
        let texts = [
            prose, #"{"url":"data:text/plain;base64,\#(prose)"}"#, #"{"url":"x;base64,\#(letters)"}"#,
            // A text is read letter by letter, whatever it looks like.
            #"{"role":"user","content":"data:image/png;base64,\#(letters)"}"#,
            #"{"type":"text","text":"data:image/png;base64,\#(letters)"}"#,
            #"{"text":"say \"data:image/png;base64,\#(letters)\""}"#,
            #"{"text":"say \"url\":\"data:image/png;base64,\#(letters)\""}"#,
            #"{"text":"\\"url":"data:image/png;base64,\#(letters)"}"#,
            #"{"my_url":"data:image/png;base64,\#(letters)"}"#, ";base64,", #"{"url":"data:;base64,\#(prose)"}"#,
            String(repeating: ";", count: 10_000), String(repeating: "\"data:;base64,", count: 1_000),
        ]
        for text in texts { #expect(count(text) == text.utf8.count, "\(text.prefix(30))") }
    }
}
