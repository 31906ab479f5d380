// The rule that turns episodes which share something into groups: aggregates and incidents. Pure: the same set of
// episodes gives the same groups, in whatever order they were heard of.

/// How long a group takes in further episodes. Spans are milliseconds.
enum GroupingWindow: Sendable, Hashable {
    /// Windows of an aggregation rule.
    case aggregation(AggregationWindow)
    /// As long as one of the group goes on, and for as long afterwards or between two starts.
    case correlation(within: Int64)
}

/// An episode as far as grouping is concerned. Epoch milliseconds.
struct GroupedEpisode: Sendable, Hashable {
    var id: Int64
    var start: Int64
    /// Nil while it goes on.
    var end: Int64?

    init(id: Int64, start: Int64, end: Int64?) {
        self.id = id
        self.start = start
        self.end = end
    }

    /// The last moment at which it went on.
    var reach: Int64 { end.map { max($0, start) } ?? .max }
}

/// What is known of episodes that are not laid out, since they came before: they are in a group that takes in.
struct GroupingSeed: Sendable, Hashable {
    /// Where the run began; matters for sessions only.
    var first: Int64
    /// The last start in it.
    var last: Int64
    /// The last moment at which the group went on.
    var reach: Int64
}

/// What episodes come to.
struct GroupedEpisodes: Sendable, Hashable {
    /// Places in the list that was given, those of a group together and by start; groups by start. After a seed, the
    /// first group is the seed's, and may be empty.
    var groups: [[Int]] = []
    /// By place: where the run began that the episode is in.
    var runs: [Int64]
}

/// Lays out episodes by the moments at which they began.
///
/// Episodes whose starts lie in one window are a run. When as many of a run as the threshold wants have begun, they
/// become a group; later ones of the run join it while one of the group goes on, and begin another group (without
/// waiting for the threshold again) when all of it is over: a group is an episode, too. Before the threshold is
/// reached, episodes are in no group.
struct EpisodeGrouping: Sendable {
    var window: GroupingWindow
    /// At least 1.
    var threshold: Int

    /// - Returns: places in the list that was given, those of a group together and by start; groups by start.
    func groups(_ episodes: [GroupedEpisode]) -> [[Int]] { lay(episodes, after: nil).groups }

    /// - Parameter seed: what came before all of the episodes; nil for nothing that matters.
    func lay(_ episodes: [GroupedEpisode], after seed: GroupingSeed?) -> GroupedEpisodes {
        let order = episodes.indices.sorted {
            (episodes[$0].start, episodes[$0].id) < (episodes[$1].start, episodes[$1].id)
        }
        var runs = Array(repeating: Int64(0), count: episodes.count)
        var groups: [[Int]] = seed == nil ? [] : [[]]
        // Of the group that takes in; nil before the threshold of the run is reached.
        var reach = seed?.reach
        var waiting: [Int] = []
        var first = seed?.first ?? 0
        var last = seed?.last
        for place in order {
            let start = episodes[place].start
            if !goesOn(from: last, first: first, reach: reach, to: start) {
                first = start
                reach = nil
                waiting = []
            }
            last = start
            runs[place] = first
            if let current = reach {
                if start <= current {
                    groups[groups.count - 1].append(place)
                    reach = max(current, episodes[place].reach)
                } else {
                    groups.append([place])
                    reach = episodes[place].reach
                }
                continue
            }
            waiting.append(place)
            let counted = counted(waiting, at: start, episodes)
            if counted.count >= threshold {
                groups.append(Array(counted))
                reach = counted.map { episodes[$0].reach }.max()
                waiting = []
            }
        }
        return GroupedEpisodes(groups: groups, runs: runs)
    }

    /// Whether an episode that begins at `start` belongs to the run.
    private func goesOn(from last: Int64?, first: Int64, reach: Int64?, to start: Int64) -> Bool {
        guard let last else { return false }
        switch window {
        case .aggregation(.sliding(let size)): return start - last <= size
        case .aggregation(.session(let timeout, let maximum)):
            return start - last <= timeout && start - first <= maximum
        case .aggregation(let fixed): return fixed.fixedWindow(at: last)?.contains(start) ?? false
        case .correlation(let within):
            // Subtracted on the side that cannot overflow: an open group reaches to the end of time.
            return start - last <= within || reach.map { start - within <= $0 } ?? false
        }
    }

    /// Those of the waiting that the threshold counts.
    private func counted(_ waiting: [Int], at start: Int64, _ episodes: [GroupedEpisode]) -> ArraySlice<Int> {
        let span: Int64
        switch window {
        case .aggregation(.sliding(let size)): span = size
        case .correlation(let within): span = within
        case .aggregation: return waiting[...]
        }
        var from = waiting.count
        while from > 0, start - episodes[waiting[from - 1]].start <= span { from -= 1 }
        return waiting[from...]
    }
}
