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

    /// The bytes that messages count for. Images and documents in them (`"url":"data:image/png;base64,…"`, or
    /// `file_data`) are no text: by their bytes, a photo would be more than a minute's tokens of most limits. Under any other
    /// name such a string is a text, which a model reads letter by letter.
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

    /// Where the data begin when `;` at a place is that of `"url":"data:…;base64,`.
    private static func base64(in bytes: UnsafeRawBufferPointer, at mark: Int) -> Int? {
        let start = mark + 8
        guard start <= bytes.count, bytes.loadUnaligned(fromByteOffset: mark, as: UInt64.self) == base64Mark,
            let quote = opening(bytes, mark), isData(bytes, quote)
        else { return nil }
        return start
    }

    /// The place of `"data:` before a mark.
    private static func opening(_ bytes: UnsafeRawBufferPointer, _ mark: Int) -> Int? {
        var place = mark
        while place > max(0, mark - longestType) {
            place -= 1
            switch bytes[place] {
            case 0x22: return bytes[place..<mark].starts(with: dataMark) ? place : nil
            // Bytes of a media type and its parameters.
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x2F, 0x3A, 0x3B, 0x3D, 0x5F: continue
            default: return nil
            }
        }
        return nil
    }

    /// Whether the string that opens at a quote is the value of a member that holds data. Within a text each of these
    /// quotes would have a backslash before it.
    private static func isData(_ bytes: UnsafeRawBufferPointer, _ quote: Int) -> Bool {
        var place = skippingBlanks(bytes, before: quote)
        guard place > 0, bytes[place - 1] == 0x3A else { return false }
        place = skippingBlanks(bytes, before: place - 1)
        return dataMembers.contains { name in
            let start = place - name.count
            guard start > 0, bytes[start..<place].elementsEqual(name) else { return false }
            return bytes[start - 1] != 0x5C
        }
    }

    private static func skippingBlanks(_ bytes: UnsafeRawBufferPointer, before place: Int) -> Int {
        var place = place
        while place > 0, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place - 1]) { place -= 1 }
        return place
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

    /// `;base64,` as it lies in memory.
    private static let base64Mark = Array(";base64,".utf8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    private static let dataMembers = ["\"url\"", "\"file_data\""].map { Array($0.utf8) }
    private static let dataMark = Array("\"data:".utf8)
    private static let imageMark = Array("image/".utf8)
    private static let longestType = 100
}
