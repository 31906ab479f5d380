// The rule of groups, without a store.

import Testing

@testable import Alerts

@Suite struct GroupingTests {
    private func groups(
        _ window: GroupingWindow,
        threshold: Int,
        _ episodes: [(Int64, Int64?)]
    ) -> [[Int]] {
        EpisodeGrouping(window: window, threshold: threshold).groups(
            episodes.enumerated().map { GroupedEpisode(id: Int64($0.offset), start: $0.element.0, end: $0.element.1) }
        )
    }

    @Test("Fixed windows: the threshold takes in what waited, later ones join, borders part")
    func fixed() {
        let window = GroupingWindow.aggregation(.fixed(size: 10, alignment: 100))
        #expect(groups(window, threshold: 2, [(1, nil)]).isEmpty)
        #expect(groups(window, threshold: 2, [(1, nil), (9, nil), (5, nil)]) == [[0, 2, 1]])
        #expect(groups(window, threshold: 2, [(9, nil), (10, nil), (11, nil)]) == [[1, 2]])
        // The first is over before the second begins: both were there within the window.
        #expect(groups(window, threshold: 2, [(1, 2), (5, nil)]) == [[0, 1]])
    }

    @Test("A group is an episode: what begins after its end begins another")
    func ended() {
        let window = GroupingWindow.aggregation(.fixed(size: 100, alignment: 100))
        #expect(groups(window, threshold: 1, [(1, 5), (3, 8), (9, nil)]) == [[0, 1], [2]])
        #expect(groups(window, threshold: 2, [(1, 5), (3, 8), (9, nil)]) == [[0, 1], [2]])
    }

    @Test("Sliding windows: only what is near counts")
    func sliding() {
        let window = GroupingWindow.aggregation(.sliding(size: 10))
        #expect(groups(window, threshold: 3, [(0, nil), (9, nil), (12, nil), (14, nil)]) == [[1, 2, 3]])
        #expect(groups(window, threshold: 2, [(0, nil), (11, nil), (22, nil)]).isEmpty)
        #expect(groups(window, threshold: 2, [(0, nil), (10, nil), (20, nil), (31, nil)]) == [[0, 1, 2]])
    }

    @Test("Sessions end with silence or with their longest time")
    func session() {
        let window = GroupingWindow.aggregation(.session(timeout: 10, maximum: 25))
        #expect(groups(window, threshold: 1, [(0, nil), (10, nil), (20, nil), (30, nil)]) == [[0, 1, 2], [3]])
        #expect(groups(window, threshold: 1, [(0, nil), (11, nil)]) == [[0], [1]])
    }

    @Test("Incidents go on while one alert does; soon after the end a single alert begins another")
    func correlation() {
        let window = GroupingWindow.correlation(within: 10)
        #expect(groups(window, threshold: 2, [(0, nil), (5, nil), (500, nil)]) == [[0, 1, 2]])
        #expect(groups(window, threshold: 2, [(0, 100), (5, 50), (105, nil)]) == [[0, 1], [2]])
        #expect(groups(window, threshold: 2, [(0, 100), (5, 50), (111, nil)]) == [[0, 1]])
        #expect(groups(window, threshold: 2, [(0, nil), (50, nil)]).isEmpty)
    }

    @Test("The order in which episodes are given does not matter", arguments: 0..<200)
    func order(seed: Int) {
        var random = SeededNumbers(seed: UInt64(seed))
        let windows: [GroupingWindow] = [
            .aggregation(.fixed(size: 10, alignment: 100)), .aggregation(.sliding(size: 7)),
            .aggregation(.session(timeout: 6, maximum: 20)), .correlation(within: 6),
        ]
        let window = windows[seed % 4]
        let threshold = Int.random(in: 1...3, using: &random)
        let episodes = (0..<20).map { id in
            let start = Int64.random(in: 0..<80, using: &random)
            let end = Bool.random(using: &random) ? nil : start + Int64.random(in: 0..<15, using: &random)
            return GroupedEpisode(id: Int64(id), start: start, end: end)
        }
        let grouping = EpisodeGrouping(window: window, threshold: threshold)
        func sets(_ given: [GroupedEpisode]) -> Set<Set<GroupedEpisode>> {
            Set(grouping.groups(given).map { Set($0.map { given[$0] }) })
        }
        #expect(sets(episodes) == sets(episodes.shuffled(using: &random)), "seed \(seed)")
    }
}
