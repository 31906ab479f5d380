// Log lines, written many at a time.

import Foundation
import Logging
import Synchronization

/// Collects lines and writes them to standard error in one system call every 50 ms; errors go out at once. A line a
/// request must not cost a system call a request.
final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var isScheduled = false
    }

    private let state = Mutex(State())
    private static let interval = Duration.milliseconds(50)
    /// Beyond this the writer does not wait for the interval.
    private static let bound = 64 << 10

    func write(_ line: String, now: Bool) {
        let (flushesNow, schedules) = state.withLock { state in
            state.pending.append(contentsOf: line.utf8)
            state.pending.append(0x0A)
            if now || state.pending.count > Self.bound { return (true, false) }
            defer { state.isScheduled = true }
            return (false, !state.isScheduled)
        }
        if flushesNow { flush() }
        if schedules {
            Task {
                try? await Task.sleep(for: Self.interval)
                self.flush()
            }
        }
    }

    func flush() {
        state.withLock { state in
            state.isScheduled = false
            var rest = state.pending[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                // Nobody to write to: the lines are lost, the gateway is not.
                guard count > 0 || errno == EINTR else { break }
                rest = rest.dropFirst(max(0, count))
            }
            state.pending.removeAll(keepingCapacity: true)
        }
    }
}
