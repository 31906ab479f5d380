// How a connection's bytes become requests.

import HTTPTypes
import Loops

extension ConnectionHandler {
    func receive() {
        var hasEnded = false
        reading: for _ in 0..<Self.readsInARow {
            switch socket.receive() {
            case .bytes(let bytes):
                received(bytes)
                // Less than there was room for: that was all.
                guard socket.isOpen, bytes.count == table.core.scratch.count, isRoom else { break reading }
            case .nothing: break reading
            case .end:
                hasEnded = true
                break reading
            case .failed: return close()
            }
        }
        dispatchIncomplete()
        if hasEnded { inputEnded() }
        readOn()
    }

    /// Whether more may be read.
    private var isRoom: Bool {
        !isPaused && !isYielding && !(isAnswering && waiting.count > Self.waitingBytes)
    }

    /// Reads on, or not, as things stand now.
    func readOn() {
        if socket.isOpen, socket.awaitsEnd { socket.wantsInput = isRoom }
    }

    /// Somebody has read what was too much.
    func resumeReading() {
        isPaused = false
        readOn()
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        guard waiting.count == 0 else {
            waiting.append(bytes)
            readWaiting()
            return
        }
        let taken = process(bytes)
        if taken < bytes.count { waiting.append(UnsafeRawBufferPointer(rebasing: bytes[taken...])) }
    }

    /// Takes the requests that waited. Those that are answered at once come back here, and must not do so one inside the
    /// other: thousands fit into one read.
    func readWaiting() {
        guard !isProcessing, !isYielding else { return }
        // Taken out: it must not be touched in two places.
        var input = InputBuffer()
        swap(&input, &waiting)
        input.take(process)
        if socket.isOpen { swap(&input, &waiting) }
    }

    /// - Returns: how many bytes were read; the others wait for their turn.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        isProcessing = true
        defer { isProcessing = false }
        var position = 0
        var requests = 0
        do {
            while position < bytes.count {
                guard socket.isOpen, !isClosing, malformed == nil else { return bytes.count }
                guard case .nothing = inbound else {
                    try readBody(bytes, &position)
                    continue
                }
                if isAnswering { return position }
                guard requests < Self.requestsInARow else {
                    yield()
                    return position
                }
                guard try readHead(bytes, &position) else { return position }
                requests += 1
            }
            return position
        } catch {
            found(error)
            return bytes.count
        }
    }

    /// Lets others have their turn.
    private func yield() {
        isYielding = true
        table.core.inNextTurn { [weak self] in
            self?.isYielding = false
            self?.goOn()
        }
    }

    /// False when the head has not come whole.
    private func readHead(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ParseFault) -> Bool {
        // An empty line before a request is skipped (RFC 9112 section 2.2).
        if bytes[position] == ASCII.carriageReturn, position + 1 < bytes.count, bytes[position + 1] == ASCII.lineFeed {
            position += 2
            scanner = HeadScanner()
            return position < bytes.count
        }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
        guard let end = try scanner.end(in: rest) else { return false }
        scanner = HeadScanner()
        let head = try RequestHead(parsing: UnsafeRawBufferPointer(rebasing: rest[..<end]))
        position += end
        guard head.body != .none else {
            lastActivity = table.core.now
            dispatch(head, body: RequestBody([]))
            return true
        }
        bodyParser = BodyParser(head.body)
        inbound = .collecting(head, [])
        return true
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(ParseFault) {
        if let piece = try bodyParser.next(bytes, &position) { take(UnsafeRawBufferPointer(rebasing: bytes[piece])) }
        if bodyParser.isDone { bodyEnded() }
    }

    private func take(_ piece: UnsafeRawBufferPointer) {
        switch inbound {
        case .nothing: return
        case .collecting(let head, var body):
            // Moved out, so that it grows in place.
            inbound = .nothing
            if body.isEmpty, case .length(let count) = head.body { body.reserveCapacity(min(count, 1 << 20)) }
            body.append(contentsOf: piece)
            inbound = .collecting(head, body)
        case .streaming(let pipe):
            if pipe.append(piece) { isPaused = true }
        case .dropping(let count):
            inbound = .dropping(count + piece.count)
            if count + piece.count > Self.droppedBytes { closeWhenSent() }
        }
    }

    private func bodyEnded() {
        lastActivity = table.core.now
        switch inbound {
        case .nothing: return
        case .collecting(let head, let body):
            inbound = .nothing
            dispatch(head, body: RequestBody(body))
        case .streaming(let pipe):
            inbound = .nothing
            connection?.isReading = false
            pipe.finish()
        case .dropping:
            inbound = .nothing
            closeWhenSent()
        }
    }

    private func found(_ fault: ParseFault) {
        malformed = fault
        switch inbound {
        case .streaming(let pipe): pipe.fail(.incomplete)
        case .collecting: inbound = .nothing
        case .nothing: break
        // It has its answer.
        case .dropping: return closeWhenSent()
        }
        if !isAnswering { refuse(fault == .headersTooLarge ? .headersTooLarge : .malformed) }
    }
}
