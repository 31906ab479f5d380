// Why there is no loop.

import Glibc

/// The system has no thread, memory or descriptor left for a loop.
package struct LoopFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ what: String, _ code: Int32) {
        description = "\(what): \(String(cString: strerror(code)))"
    }
}
