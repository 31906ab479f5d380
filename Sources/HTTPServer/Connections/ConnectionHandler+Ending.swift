// How a connection ends: when all has been sent, when nobody asks or reads any more, when there are too many.

import NIOCore

extension ConnectionHandler {
    /// Closes the connection unless it is answering.
    func closeIfIdle(_ channel: any Channel) {
        if !isAnswering { closeWhenSent(channel) }
    }

    /// Closes the connection once what has been written has left: a close throws away the rest. A reader that takes too
    /// long loses it.
    func closeWhenSent(_ channel: any Channel) {
        guard !isClosing else { return }
        isClosing = true
        waiting.removeAll()
        close(after: state.configuration.patience, channel.eventLoop)
        closeOnceSent(channel)
    }

    private func closeOnceSent(_ channel: any Channel) {
        let unsent = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard unsent > 0 else {
            channel.close(promise: nil)
            return
        }
        channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [weak self] in
            guard let self, let connection = self.connection else { return }
            self.closeOnceSent(connection.channel)
        }
    }

    /// The handler alone is held meanwhile: a channel that has gone must not wait in memory for this.
    func close(after time: TimeAmount, _ loop: any EventLoop) {
        loop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.connection?.close() }
    }

    /// Closes a connection on which no whole request has come for too long, or whose reader takes nothing of an answer.
    /// Bodies have deadlines of their own.
    func watchIdleness(_ loop: any EventLoop, in time: TimeAmount) {
        loop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            guard let self, let connection = self.connection else { return }
            let limit = self.isSurplus ? Self.refusalTime : self.state.configuration.patience
            let silence = NIODeadline.now() - (self.isAnswering ? self.stalledSince ?? .now() : self.lastActivity)
            if silence < limit {
                self.watchIdleness(loop, in: limit - silence)
            } else {
                connection.close()
            }
        }
    }
}
