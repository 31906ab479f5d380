// One loop's share of a client's transfers, as other threads see it.

import Loops

/// Where transfers of one event loop are handed in and counted.
final class TransferLane: Sendable {
    let mailbox: Mailbox
    let counters = LoopCounters()

    init(_ configuration: HTTPClientConfiguration, on loop: EventLoop) {
        let mailbox = Mailbox(loop: loop)
        self.mailbox = mailbox
        let isTaken = loop.execute { [counters] core in
            guard
                let transfers = try? TransferLoop(
                    configuration: configuration,
                    mailbox: mailbox,
                    counters: counters,
                    core: core
                )
            else { return mailbox.refuse() }
            core.adopt(transfers)
        }
        if !isTaken { mailbox.refuse() }
    }

    deinit {
        mailbox.close()
    }
}

extension Mailbox {
    /// There is nobody to read this.
    fileprivate func refuse() {
        hasLeft()
        for letter in takeAll().letters where letter.note == .start {
            letter.transfer.end(TransferFailure(.other, "libcurl has no memory"))
        }
    }
}
