// Deadlines in the order in which they come due, for thousands of things of which few ever use theirs up.

/// A binary heap of deadlines. Entries are not taken out when their owner ends or moves its deadline: the owner looks at
/// what comes due and schedules anew when it was early, which makes a chunk that moves an idle limit cost nothing.
/// When more than half of many entries may be stale, the owner sweeps them.
///
/// Of numbers and not of anything: a queue of a type that only its users know is several times as slow in another room.
package struct DeadlineQueue {
    private var heap: [(moment: Moment, id: Int)] = []

    package init() {}

    package var count: Int { heap.count }

    /// The earliest moment, stale or not.
    package var next: Moment? { heap.first?.moment }

    package mutating func schedule(_ id: Int, at moment: Moment) {
        heap.append((moment: moment, id: id))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].moment < heap[parent].moment else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest entry if it is due.
    package mutating func popDue(_ now: Moment) -> (moment: Moment, id: Int)? {
        guard let first = heap.first, first.moment <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink(0)
        }
        return first
    }

    /// Drops every entry for which `isLive` is false.
    package mutating func sweep(keeping isLive: (Int, Moment) -> Bool) {
        heap.removeAll { !isLive($0.id, $0.moment) }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(index) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].moment < heap[smallest].moment {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
