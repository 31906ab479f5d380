// Prepared statements of one connection, the least recently used thrown out first.

/// A bounded cache. Belongs to one connection and so to one thread.
struct StatementCache<Key: Hashable, Statement> {
    private struct Entry {
        var statement: Statement
        var usedAt: UInt64
    }

    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0
    let capacity: Int

    init(capacity: Int = 256) { self.capacity = capacity }

    mutating func statement(for key: Key) -> Statement? {
        clock += 1
        guard let index = entries.index(forKey: key) else { return nil }
        entries.values[index].usedAt = clock
        return entries.values[index].statement
    }

    /// Adds a statement and returns the one that had to go for it.
    mutating func insert(_ statement: Statement, for key: Key) -> Statement? {
        clock += 1
        var evicted: Statement?
        // A scan is good enough: it happens only when statements are prepared, which costs far more.
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.usedAt < $1.value.usedAt }) {
            evicted = entries.removeValue(forKey: oldest.key)?.statement
        }
        entries[key] = Entry(statement: statement, usedAt: clock)
        return evicted
    }

    mutating func removeAll() { entries.removeAll() }
}
