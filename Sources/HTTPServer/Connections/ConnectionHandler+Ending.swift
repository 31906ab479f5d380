// How a connection ends when nothing is wrong: when all has been sent.

extension ConnectionHandler {
    /// Closes the connection unless it is answering.
    func closeIfIdle() {
        if !isAnswering { closeWhenSent() }
    }

    /// Closes the connection once what has been written has left: a close throws away the rest. A reader that takes too
    /// long loses it.
    func closeWhenSent() {
        guard !isClosing else { return }
        isClosing = true
        if socket.unsentCount == 0 { return close() }
        close(after: table.state.configuration.requestTime)
    }
}
