// The rule book, remembered as long as it is good.

package import Logging
import Resources
package import Storage
import Synchronization

/// Keeps the last book that was read. Whether it is still good is asked in each transaction: one row tells.
package final class RuleShelf: Sendable {
    private struct Kept {
        var stamp: RuleStamp
        var book: RuleBook
    }

    private let kept = Mutex<Kept?>(nil)
    private let logger: Logger
    private let groupPage: Int

    package convenience init(logger: Logger = Logger(label: "opsgate.alerts")) {
        self.init(logger: logger, groupPage: GroupStretch.page)
    }

    /// - Parameter groupPage: tests make it small, so that small groups are large ones.
    init(logger: Logger = Logger(label: "opsgate.alerts"), groupPage: Int) {
        self.logger = logger
        self.groupPage = groupPage
    }

    /// The rules as this transaction sees them. Rows that cannot be read any more (a zone that has left the system's
    /// database, say) are left out and logged, once for each time the rules are read.
    package func book(_ connection: any SQLConnection) throws -> RuleBook {
        let stamp = try RuleRows.stamp(connection)
        if let kept = kept.withLock({ $0 }), kept.stamp == stamp { return kept.book }
        var (book, failures) = try RuleRows.book(connection)
        book.groupPage = groupPage
        book.version = stamp.version
        for failure in failures {
            logger.error(
                "a rule cannot be read and is left out",
                metadata: [
                    "table": "\(failure.table)", "id": "\(failure.id)",
                    "reason": "\(failure.faults.text.harmless(limit: 500))",
                ]
            )
        }
        kept.withLock { $0 = Kept(stamp: stamp, book: book) }
        return book
    }
}
