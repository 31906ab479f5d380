// The tokens of a text whose model does not count them, or has not yet.

import Glibc

/// A token is taken as four bytes of UTF-8, rounded up: near what tokenizers of the day give for English, somewhat
/// above for Chinese. Good enough for limits and reports, and marked as an estimate.
package enum TokenEstimate {
    /// Tokens of an image, about: Anthropic's figure for one of 1,092 by 1,092 pixels.
    package static let imageTokens = 1_600

    package static func tokens(bytes: Int) -> Int { (bytes + 3) / 4 }

    /// The bytes of text that a document in base64 counts for. Nobody knows how many pages it has: about 3,000 of its
    /// bytes are taken for a token.
    package static func textBytes(ofDocument base64Bytes: Int) -> Int { base64Bytes / 750 }

    /// The bytes that messages count for. Images and documents in them (`"data:image/png;base64,…"`) are no text: by
    /// their bytes, a photo would be more than a minute's tokens of most limits.
    package static func textBytes(ofMessages messages: [UInt8]) -> Int {
        // Where so little is left out, nothing is looked for.
        guard messages.count > 4 * imageTokens else { return messages.count }
        return messages.withUnsafeBytes { bytes in
            var count = bytes.count
            var place = 0
            while let mark = next(0x3B, in: bytes, from: place) {
                place = mark + 1
                guard let start = base64(in: bytes, at: mark), let end = next(0x22, in: bytes, from: start) else {
                    continue
                }
                let size = end - start
                let counted = isImage(bytes, before: mark) ? 4 * imageTokens : textBytes(ofDocument: size)
                if counted < size, looksLikeBase64(bytes[start..<end]) { count -= size - counted }
                place = end
            }
            return count
        }
    }

    private static func next(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from place: Int) -> Int? {
        guard place < bytes.count, let base = bytes.baseAddress else { return nil }
        return memchr(base + place, Int32(byte), bytes.count - place).map { UnsafeRawPointer($0) - base }
    }

    /// Where the data begin when `;` at a place is that of `"data:…;base64,`.
    private static func base64(in bytes: UnsafeRawBufferPointer, at mark: Int) -> Int? {
        let start = mark + base64Mark.count
        guard start <= bytes.count, bytes[mark..<start].elementsEqual(base64Mark), opening(bytes, mark) != nil else {
            return nil
        }
        return start
    }

    /// The place of `"data:` before a mark. A quote within a text would be escaped, so that a string begins here.
    private static func opening(_ bytes: UnsafeRawBufferPointer, _ mark: Int) -> Int? {
        guard let quote = bytes[max(0, mark - longestType)..<mark].lastIndex(of: 0x22) else { return nil }
        return bytes[quote..<mark].starts(with: dataMark) ? quote : nil
    }

    private static func isImage(_ bytes: UnsafeRawBufferPointer, before mark: Int) -> Bool {
        opening(bytes, mark).map { bytes[$0..<mark].dropFirst(dataMark.count).starts(with: imageMark) } ?? false
    }

    /// Of every 61st byte: texts of people have others soon.
    private static func looksLikeBase64(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 61).allSatisfy { place in
            switch bytes[place] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D, 0x2D, 0x5F, 0x5C: true
            default: false
            }
        }
    }

    private static let base64Mark = Array(";base64,".utf8)
    private static let dataMark = Array("\"data:".utf8)
    private static let imageMark = Array("image/".utf8)
    private static let longestType = 100
}
