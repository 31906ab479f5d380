// What delivery counts.

/// Counters since the start of this node's service, for metrics.
package struct DeliveryStatistics: Sendable, Hashable {
    /// Messages that the other side took.
    package var messagesSent: Int64 = 0
    /// Of these, digests.
    package var digestsSent: Int64 = 0
    /// Notices that were told by those messages.
    package var noticesSent: Int64 = 0
    /// Notices put back for another attempt.
    package var retries: Int64 = 0
    package var dead: Int64 = 0
    package var unknown: Int64 = 0
    package var dropped: Int64 = 0
    package var postponed: Int64 = 0
    /// Notices given back without an attempt.
    package var released: Int64 = 0
    /// Channels told to wait by the other side.
    package var slowDowns: Int64 = 0
    /// Claims that had run out, taken over from a worker that was not heard of again.
    package var takenOver: Int64 = 0
    /// Rows that a worker could not settle, since another had taken them over.
    package var fenced: Int64 = 0
    /// Transactions with the store that failed.
    package var storeFailures: Int64 = 0
    /// Rows removed because of their age.
    package var swept: Int64 = 0

    package init() {}
}
