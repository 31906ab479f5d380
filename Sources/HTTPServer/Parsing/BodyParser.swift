// Where a body ends, and what of the bytes belongs to it (RFC 9112 sections 6.3 and 7.1).

/// Reads one body, however it is cut.
struct BodyParser {
    private enum State: Equatable {
        case data(Int)
        case size(ChunkSize)
        /// The line end behind a chunk: whether its CR has come.
        case dataEnd(Bool)
        /// Lines behind the last chunk: bytes so far, and those of this line.
        case trailer(Int, line: Int, hasReturn: Bool)
        case done
    }

    /// The line before a chunk.
    private struct ChunkSize: Equatable {
        var digits = 0
        var value = 0
        /// Whatever stands behind the `;`, which nobody asked for.
        var extensionBytes: Int?
        var hasReturn = false
    }

    private static let extensionLimit = 4 << 10

    private let isChunked: Bool
    private var state: State

    init(_ body: RequestHead.Body) {
        switch body {
        case .none:
            isChunked = false
            state = .done
        case .length(let count):
            isChunked = false
            state = .data(count)
        case .chunked:
            isChunked = true
            state = .size(ChunkSize())
        }
    }

    /// Whether the body is whole.
    var isDone: Bool { state == .done }

    /// Takes what there is up to the end of a piece of the body.
    ///
    /// - Parameter position: where to go on; moved behind what was taken.
    /// - Returns: bytes of the body; nil when there are none left in `bytes`, or in the body.
    mutating func next(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ParseFault) -> Range<Int>? {
        while position < bytes.count {
            switch state {
            case .done: return nil
            case .data(let left):
                let end = min(bytes.count, position + left)
                defer { position = end }
                let rest = left - (end - position)
                state = rest > 0 ? .data(rest) : isChunked ? .dataEnd(false) : .done
                return position..<end
            case .dataEnd(let hasReturn):
                guard bytes[position] == (hasReturn ? ASCII.lineFeed : ASCII.carriageReturn) else { throw .malformed }
                state = hasReturn ? .size(ChunkSize()) : .dataEnd(true)
            case .size(let size): state = try Self.sized(size, bytes[position])
            case .trailer(let count, let line, let hasReturn):
                state = try Self.trailed(count, line, hasReturn, bytes[position])
            }
            position += 1
        }
        return nil
    }

    private static func sized(_ size: ChunkSize, _ byte: UInt8) throws(ParseFault) -> State {
        var size = size
        if size.hasReturn {
            guard byte == ASCII.lineFeed else { throw .malformed }
            return size.value > 0 ? .data(size.value) : .trailer(0, line: 0, hasReturn: false)
        }
        if byte == ASCII.carriageReturn, size.digits > 0 {
            size.hasReturn = true
        } else if let count = size.extensionBytes {
            guard ASCII.isFieldContent(byte), count < extensionLimit else { throw .malformed }
            size.extensionBytes = count + 1
        } else if let digit = ASCII.hexadecimal(byte), size.digits < 15 {
            size.digits += 1
            size.value = size.value << 4 | digit
        } else if byte == ASCII.semicolon, size.digits > 0 {
            size.extensionBytes = 0
        } else {
            throw .malformed
        }
        return .size(size)
    }

    /// Trailers are read over: no field of ours may come so late.
    private static func trailed(_ count: Int, _ line: Int, _ hasReturn: Bool, _ byte: UInt8) throws(ParseFault) -> State
    {
        guard count < HeadLimits.bytes else { throw .headersTooLarge }
        if hasReturn {
            guard byte == ASCII.lineFeed else { throw .malformed }
            return line == 0 ? .done : .trailer(count + 1, line: 0, hasReturn: false)
        }
        if byte == ASCII.carriageReturn { return .trailer(count + 1, line: line, hasReturn: true) }
        guard ASCII.isFieldContent(byte) else { throw .malformed }
        return .trailer(count + 1, line: line + 1, hasReturn: false)
    }
}
