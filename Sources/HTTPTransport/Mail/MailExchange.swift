// A mail while it is in a loop's hands: what is to be sent and what has been heard.

import CCurl

/// The loop's part of one mail. Confined to the loop's thread.
final class MailExchange {
    /// What the loop has to do next.
    enum Result {
        /// `asked`: a command has left, and its reply is waited for from now on. `moved`: bytes of the message left.
        case wait(asked: Bool, moved: Bool)
        case done(String)
        case failed(MailFailure)
    }

    let mail: PreparedMail
    /// The socket, once libcurl has done its part.
    private(set) var descriptor: Int32?
    /// There is something to send for which the socket has no room.
    private(set) var wantsWrite = false

    private var reader: MailReplyReader
    private var dialogue: MailDialogue
    private var output = SendBuffer()
    private var isSendingMessage = false
    /// The last reply while libcurl spoke.
    private var lastReply: MailReply?
    private var capabilities = MailCapabilities()
    private var isLoggedIn = false
    private var saysTooMuch = false

    init(_ mail: PreparedMail, limit: Int) {
        self.mail = mail
        reader = MailReplyReader(limit: limit)
        dialogue = MailDialogue(mail)
    }

    // MARK: - While libcurl speaks

    /// Listens to what the server tells libcurl. False ends the transfer.
    func heard(_ line: UnsafeRawBufferPointer) -> Bool {
        reader.append(line)
        while true {
            switch reader.next() {
            case .more: return true
            // libcurl decides what to make of it.
            case .malformed: continue
            case .tooLong:
                saysTooMuch = true
                return false
            case .reply(let reply):
                lastReply = reply
                // The last of these is the one to EHLO, under TLS if there is TLS.
                if reply.code == 250 { capabilities = MailCapabilities(reply) }
                if reply.code == 235 { isLoggedIn = true }
            }
        }
    }

    /// Why libcurl did not get a session.
    func failure(_ code: CURLcode, handle: EasyHandle) -> MailFailure {
        // libcurl does not always say that it was us who ended it.
        mail.connectFailure(saysTooMuch ? CURLE_WRITE_ERROR : code, handle: handle, last: lastReply)
    }

    // MARK: - While we speak

    /// Takes the connection over. libcurl goes on without a login where none is offered; we do not.
    func begin(_ handle: EasyHandle) -> Result {
        guard let descriptor = handle.ownedSocket else {
            return .failed(MailFailure(.connectionLost, "\(mail.peer) closed the connection"))
        }
        self.descriptor = descriptor
        guard mail.username == nil || isLoggedIn else {
            quit(handle)
            return .failed(mail.loginFailure(nil))
        }
        let commit = { false }
        return perform(dialogue.begin(capabilities), handle, commit) ?? flush(handle, commit)
    }

    /// Reads and writes as far as the socket allows.
    ///
    /// - Parameter commit: asked before the end of the message leaves; false when nobody wants the mail any more.
    func drive(_ handle: EasyHandle, commit: () -> Bool) -> Result {
        let isClosed = read(handle)
        while true {
            let action: MailDialogue.Action
            switch reader.next() {
            case .more:
                if isClosed { return .failed(lost) }
                return flush(handle, commit)
            case .reply(let reply):
                action = isUnasked(reply) ? dialogue.surprise() : dialogue.receive(reply)
            case .malformed, .tooLong:
                action = dialogue.surprise()
            }
            if let result = perform(action, handle, commit) { return result }
        }
    }

    /// Whether a reply, or one right behind it, came before its question and would be taken for the answer to the next
    /// one. 421 may come at any time and answers whatever was asked (RFC 5321, section 3.8); after the last reply nothing
    /// matters any more.
    private func isUnasked(_ reply: MailReply) -> Bool {
        guard reply.code != 421, !dialogue.isUndecided else { return false }
        return reader.hasMore || !output.isEmpty && !isSendingMessage
    }

    /// Nil when there is something to send, or more to hear.
    private func perform(_ action: MailDialogue.Action, _ handle: EasyHandle, _ commit: () -> Bool) -> Result? {
        switch action {
        case .say(let command):
            output.fill(Array(command.utf8) + [0x0D, 0x0A])
        case .sendMessage:
            isSendingMessage = true
            output.fill(mail.wire)
        case .sendEnd:
            guard commit() else { return .failed(MailFailure(.cancelled, TransferFailure.cancelled.message)) }
            output.fill([0x2E, 0x0D, 0x0A])
        case .finish(let reply):
            quit(handle)
            return .done(reply)
        case .fail(let failure, let isPolite):
            if isPolite { quit(handle) }
            return .failed(failure)
        }
        return nil
    }

    private func flush(_ handle: EasyHandle, _ commit: () -> Bool) -> Result {
        var asked = false
        var moved = false
        while true {
            while let piece = output.next {
                switch handle.send(piece) {
                case .bytes(let count):
                    output.advance(count)
                    moved = isSendingMessage
                case .wait:
                    wantsWrite = true
                    return .wait(asked: asked, moved: moved)
                case .closed:
                    return .failed(hasRefused(handle) ?? lost)
                }
                asked = output.isEmpty
            }
            wantsWrite = false
            guard isSendingMessage else { return .wait(asked: asked, moved: moved) }
            isSendingMessage = false
            if let result = perform(dialogue.messageSent(), handle, commit) { return result }
        }
    }

    /// A server that takes no more of a message may have said why before it closed.
    private func hasRefused(_ handle: EasyHandle) -> MailFailure? {
        _ = read(handle)
        guard case .reply(let reply) = reader.next(), case .fail(let failure, _) = dialogue.receive(reply) else {
            return nil
        }
        return failure
    }

    /// Takes in what has come. True when the other side has closed.
    private func read(_ handle: EasyHandle) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 1) { buffer in
            // Bounded by what the reader accepts; what is left makes the socket ready again.
            for _ in 0..<32 {
                switch handle.receive(buffer) {
                case .bytes(let count): reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                case .wait: return false
                case .closed: return true
                }
            }
            return false
        }
    }

    /// Said without waiting for the answer, as far as there is room.
    private func quit(_ handle: EasyHandle) {
        output.fill(Array("QUIT\r\n".utf8))
        if let piece = output.next { _ = handle.send(piece) }
    }

    private var lost: MailFailure {
        MailFailure(.connectionLost, "\(mail.peer) closed the connection", isAmbiguous: dialogue.isUndecided)
    }
}

/// Bytes on their way out. They stay where they are until they are sent: OpenSSL wants the very same bytes again after a
/// socket had no room.
private struct SendBuffer: ~Copyable {
    private static let pieceSize = 16_384
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var sent = 0

    deinit {
        bytes.deallocate()
    }

    var isEmpty: Bool { sent == bytes.count }

    /// The next piece to send, the same one until `advance`.
    var next: UnsafeRawBufferPointer? {
        guard !isEmpty else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[sent..<min(bytes.count, sent + Self.pieceSize)])
    }

    mutating func advance(_ count: Int) {
        sent += count
    }

    mutating func fill(_ new: [UInt8]) {
        bytes.deallocate()
        bytes = .allocate(byteCount: new.count, alignment: 1)
        bytes.copyBytes(from: new)
        sent = 0
    }
}
