// Takes connections from the listening socket and shares them out among the loops.

import Glibc
import Loops

/// The listening socket on its loop. Confined to that loop's thread.
final class Acceptor: DescriptorHandler {
    /// Connections accepted before others have their turn.
    private static let inARow = 256
    /// How long it waits when the process has no descriptor left.
    private static let pause = Duration.milliseconds(50)

    /// Where a connection can live.
    struct Seat: Sendable {
        let loop: EventLoop
        let table: LoopBound<ConnectionTable>
    }

    private let descriptor: Int32
    private unowned let core: LoopCore
    private let seats: [Seat]
    private var last = 0
    private var isOpen = true

    init(_ descriptor: Int32, on core: LoopCore, seats: [Seat]) {
        self.descriptor = descriptor
        self.core = core
        self.seats = seats
        core.watch(descriptor, for: .readable, self)
    }

    func ready(_ descriptor: Int32, _ events: DescriptorEvents) {
        for _ in 0..<Self.inARow {
            let accepted = acceptConnection(descriptor)
            if accepted >= 0 {
                seat(accepted)
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            // No descriptor or memory left: to be told again at once would be to spin.
            default: return rest()
            }
        }
    }

    private func seat(_ accepted: Int32) {
        last = (last + 1) % seats.count
        let table = seats[last].table
        if !seats[last].loop.perform({ _ in table.value.admit(accepted) }) { Glibc.close(accepted) }
    }

    private func rest() {
        core.watch(descriptor, for: [], self)
        core.after(Self.pause) { [weak self] in
            guard let self, self.isOpen else { return }
            if !self.core.watch(self.descriptor, for: .readable, self) { self.rest() }
        }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        core.forget(descriptor)
        Glibc.close(descriptor)
    }
}
