// How busy a database is.

/// Its queues and threads at one moment.
package struct DatabaseLoad: Sendable, Hashable {
    /// One queue with the threads that work on it.
    package struct Lane: Sendable, Hashable {
        /// `read`, `write`, or `all` where both go the same way.
        package let name: String
        /// Jobs that wait.
        package let waiting: Int
        package let busyThreads: Int
        package let threads: Int
    }

    package var lanes: [Lane] = []

    package init() {}

    init(_ lanes: [Lane]) { self.lanes = lanes }
}

extension Database {
    package var load: DatabaseLoad { DatabaseLoad() }
}
