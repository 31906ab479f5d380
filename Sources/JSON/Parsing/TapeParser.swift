// Reads a whole text once and writes the tape: no recursion, no allocation but the tape itself.

/// Strict RFC 8259 with UTF-8 checked. Of several members with one name all are on the tape; readers take the last.
struct TapeParser {
    private(set) var tape: [TapeEntry] = []
    /// The tape index of the innermost open container plus one; 0 when none is open.
    private var open = 0

    /// Parses the text, or says in words what is wrong with it.
    static func parse(_ input: Span<UInt8>, limits: JSONLimits) throws(JSONError) -> [TapeEntry] {
        var parser = TapeParser()
        do {
            try parser.run(input, limits)
        } catch {
            throw JSONError(
                message: error.message(input, limits),
                path: FaultPath.path(parser.tape, open: parser.open, in: input, ofContainer: error.isAboutContainer),
                offset: error.offset
            )
        }
        return parser.tape
    }

    private mutating func run(_ input: Span<UInt8>, _ limits: JSONLimits) throws(ParseFault) {
        let count = input.count
        guard count <= limits.longest else { throw ParseFault(.tooLong, at: limits.longest) }
        // A value or key every six bytes is dense; long strings need less. The guess is bounded for large texts.
        tape.reserveCapacity(min(count / 6 + 4, 4096))
        var position = Self.skipBlank(input, from: 0)
        guard position < count else { throw ParseFault(.empty, at: count) }
        var levels = limits.deepest

        values: while true {
            // Here a value must begin.
            guard position < count else { throw ParseFault(.expectedValue, at: count) }
            let start = position
            let byte = input[position]
            switch byte {
            case UInt8(ascii: "\""):
                let (end, hasEscapes) = try StringScanner.scan(input, from: start &+ 1)
                position = end &+ 1
                append(.string, start, position, hasEscapes)
            case UInt8(ascii: "{"):
                guard levels > 0 else { throw ParseFault(.tooDeep, at: start) }
                levels &-= 1
                begin(.object, at: start)
                position = Self.skipBlank(input, from: start &+ 1)
                if position < count, input[position] == UInt8(ascii: "}") {
                    position &+= 1
                    levels &+= 1
                    close(at: position)
                } else {
                    position = try readKey(input, from: position)
                    continue values
                }
            case UInt8(ascii: "["):
                guard levels > 0 else { throw ParseFault(.tooDeep, at: start) }
                levels &-= 1
                begin(.array, at: start)
                position = Self.skipBlank(input, from: start &+ 1)
                guard position < count, input[position] == UInt8(ascii: "]") else { continue values }
                position &+= 1
                levels &+= 1
                close(at: position)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                position = try NumberScanner.scan(input, from: start)
                append(.number, start, position, false)
            case UInt8(ascii: "t"):
                position = try Self.skipWord(input, from: start, 0x6575_7274, 4)
                append(.bool, start, position, false)
            case UInt8(ascii: "f"):
                position = try Self.skipWord(input, from: start, 0x6573_6C61, 5)
                append(.bool, start, position, false)
            case UInt8(ascii: "n"):
                position = try Self.skipWord(input, from: start, 0x6C6C_756E, 4)
                append(.null, start, position, false)
            default:
                throw ParseFault(.expectedValue, at: start)
            }

            // A value is complete: close what it completes, then go on to the next.
            while open > 0 {
                position = Self.skipBlank(input, from: position)
                let isObject = tape[open &- 1].kind == .object
                let reason: ParseFault.Reason = isObject ? .expectedCommaOrBrace : .expectedCommaOrBracket
                guard position < count else { throw ParseFault(reason, at: count) }
                let closer = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                let byte = input[position]
                if byte == UInt8(ascii: ",") {
                    position = Self.skipBlank(input, from: position &+ 1)
                    if position < count, input[position] == closer { throw ParseFault(.trailingComma, at: position) }
                    if isObject { position = try readKey(input, from: position) }
                    continue values
                }
                guard byte == closer else { throw ParseFault(reason, at: position) }
                position &+= 1
                levels &+= 1
                close(at: position)
            }
            break
        }
        position = Self.skipBlank(input, from: position)
        guard position == count else { throw ParseFault(.trailingBytes, at: position) }
    }

    /// Reads a member's name and the colon; returns where its value should begin.
    @inline(__always)
    private mutating func readKey(_ input: Span<UInt8>, from start: Int) throws(ParseFault) -> Int {
        guard start < input.count, input[start] == UInt8(ascii: "\"") else { throw ParseFault(.expectedKey, at: start) }
        let (end, hasEscapes) = try StringScanner.scan(input, from: start &+ 1)
        append(.string, start, end &+ 1, hasEscapes)
        let colon = Self.skipBlank(input, from: end &+ 1)
        guard colon < input.count, input[colon] == UInt8(ascii: ":") else {
            throw ParseFault(.expectedColon, at: colon)
        }
        return Self.skipBlank(input, from: colon &+ 1)
    }

    @inline(__always)
    private mutating func append(_ kind: JSONKind, _ start: Int, _ end: Int, _ hasEscapes: Bool) {
        tape.append(TapeEntry(kind, from: start, to: end, next: tape.count &+ 1, hasEscapes: hasEscapes))
    }

    @inline(__always)
    private mutating func begin(_ kind: JSONKind, at start: Int) {
        tape.append(TapeEntry(kind, from: start, to: start, next: open))
        open = tape.count
    }

    @inline(__always)
    private mutating func close(at end: Int) {
        let index = open &- 1
        open = Int(tape[index].next)
        tape[index].end = UInt32(truncatingIfNeeded: end)
        tape[index].next = UInt32(truncatingIfNeeded: tape.count)
    }

    @inline(__always)
    private static func skipBlank(_ input: Span<UInt8>, from start: Int) -> Int {
        guard start < input.count, input[start] <= 0x20 else { return start }
        return skipBlankRun(input, from: start)
    }

    private static func skipBlankRun(_ input: Span<UInt8>, from start: Int) -> Int {
        let raw = input.bytes
        var position = start
        while position < input.count {
            switch input[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position &+= 1
            default: return position
            }
            // Indentation.
            while position &+ 8 <= input.count,
                Word.isBlank(raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: UInt64.self))
            {
                position &+= 8
            }
        }
        return position
    }

    /// Passes over `true`, `false` or `null`; `ending` is its last four bytes as a little-endian word.
    @inline(__always)
    private static func skipWord(
        _ input: Span<UInt8>,
        from start: Int,
        _ ending: UInt32,
        _ length: Int
    ) throws(ParseFault) -> Int {
        guard start &+ length <= input.count,
            UInt32(
                littleEndian: input.bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: start &+ length &- 4,
                    as: UInt32.self
                )
            ) == ending
        else { throw ParseFault(.invalidLiteral, at: start) }
        return start &+ length
    }
}
