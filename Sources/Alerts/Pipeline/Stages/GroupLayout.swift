// Brings the groups of a rule in agreement with the episodes: what aggregation and correlation have in common.

import Storage

/// Lays out the groups of one rule and one set of values, as far as changes can matter to them.
struct GroupLayout {
    let family: GroupFamily
    let group: GroupKey
    let grouping: EpisodeGrouping
    /// See `GroupStretch.page`.
    let page: Int
    let connection: any SQLConnection

    /// What was done.
    struct Outcome {
        /// Members that are in another aggregate or incident than before, or in none.
        var moved: [(id: Int64, from: Int64?, to: Int64?)] = []
        /// Aggregates or incidents that were made.
        var made: Set<Int64> = []
        /// Those that have lost all members that were looked at.
        var left: Set<Int64> = []
    }

    /// - Parameters:
    ///   - frozen: those of aggregates or incidents that take in nobody any more and keep whom they have.
    ///   - make: makes an aggregate or incident around a member.
    func run(
        _ touches: [GroupTouch],
        frozen: (Set<Int64>) throws -> Set<Int64>,
        make: (_ member: Int64) throws -> Int64
    ) throws -> Outcome {
        var outcome = Outcome()
        var neutral = NeutralTouches(family: family, group: group, touches: touches, connection: connection)
        let changed = try touches.filter { touch in
            switch try neutral.verdict(touch, grouping, frozen: frozen) {
            case .nothing: return false
            case .joins(let target, let run):
                // At once, so that what is laid out sees it where it is.
                try GroupRows.point(family, [touch.id], to: target, connection)
                outcome.moved.append((touch.id, nil, target))
                if let run { try GroupRows.note(run: run, of: [touch.id], connection) }
                return false
            case .unknown: return true
            }
        }
        if let starts = changed.starts { try layOut(starts, &outcome, frozen: frozen, make: make) }
        return outcome
    }

    private func layOut(
        _ starts: ClosedRange<Int64>,
        _ outcome: inout Outcome,
        frozen: (Set<Int64>) throws -> Set<Int64>,
        make: (_ member: Int64) throws -> Int64
    ) throws {
        let reader = GroupStretchReader(
            family: family,
            group: group,
            grouping: grouping,
            starts: starts,
            page: page,
            connection: connection
        )
        let stretch = try reader.read(frozen: frozen)
        let members = stretch.members
        let all = grouping.lay(members.map(\.episode), after: stretch.seed?.state)
        var free = Set(members.compactMap(\.pointer))
        var targets: [Int64?] = Array(repeating: nil, count: members.count)
        for (number, places) in all.groups.enumerated() {
            let target: Int64
            if number == 0, let seed = stretch.seed {
                // What came before is over.
                guard let goesOn = seed.target else { continue }
                target = goesOn
            } else if let mine = places.lazy.compactMap({ members[$0].pointer }).first(where: free.contains) {
                target = mine
            } else {
                target = try make(members[places[0]].episode.id)
                outcome.made.insert(target)
            }
            free.remove(target)
            for place in places { targets[place] = target }
        }
        outcome.left.formUnion(free)
        var moves: [Int64?: [Int64]] = [:]
        for (place, member) in members.enumerated() {
            let target = targets[place]
            let isHeld = family == .aggregates && target == nil
            guard member.pointer != target || (family == .aggregates && member.isHeld != isHeld) else { continue }
            outcome.moved.append((member.episode.id, member.pointer, target))
            moves[target, default: []].append(member.episode.id)
        }
        for (target, ids) in moves.sorted(by: { ($0.key ?? 0) < ($1.key ?? 0) }) {
            try GroupRows.point(family, ids, to: target, connection)
        }
        guard case .aggregation(.session) = grouping.window else { return }
        var runs: [Int64: [Int64]] = [:]
        for (place, member) in members.enumerated() where member.run != all.runs[place] {
            runs[all.runs[place], default: []].append(member.episode.id)
        }
        for (run, ids) in runs.sorted(by: { $0.key < $1.key }) { try GroupRows.note(run: run, of: ids, connection) }
    }
}

/// Tells changes of which a few looks into the store show that they do not matter to others, however large the group.
private struct NeutralTouches {
    enum Verdict {
        case nothing
        /// It is in the middle of an aggregate or incident, and of the run of that.
        case joins(Int64, run: Int64?)
        case unknown
    }

    let family: GroupFamily
    let group: GroupKey
    let connection: any SQLConnection
    /// Members whose going on is in question, and so says nothing about that of others.
    private let unsteady: Set<Int64>
    /// By target: the first member that went on all the time.
    private var pillars: [Int64: Int64?] = [:]

    init(family: GroupFamily, group: GroupKey, touches: [GroupTouch], connection: any SQLConnection) {
        self.family = family
        self.group = group
        self.connection = connection
        unsteady = Set(touches.lazy.filter { !$0.isSteady }.map(\.id))
    }

    mutating func verdict(
        _ touch: GroupTouch,
        _ grouping: EpisodeGrouping,
        frozen: (Set<Int64>) throws -> Set<Int64>
    ) throws -> Verdict {
        guard !touch.isForced, let after = touch.after else { return .unknown }
        guard let before = touch.before else { return try interior(after, grouping, frozen: frozen) }
        guard before.start == after.start else { return .unknown }
        // What waits for the threshold counts by its start.
        guard before.reach != after.reach, let target = touch.pointer else { return .nothing }
        if try frozen([target]).contains(target) { return .nothing }
        // Then and now, all that follow in the group began while this one went on, until another does that still does.
        let covered = min(before.reach, after.reach)
        if let pillar = try pillar(of: target) { return pillar <= max(covered, after.start) ? .nothing : .unknown }
        guard let extent = try MemberRows.extents(family, [target], connection)[target], extent.lastStart <= covered
        else { return .unknown }
        if before.end == nil { return .nothing }
        // It was over: whatever began later began because of that.
        let next = GroupedEpisode(id: 0, start: extent.lastStart + 1, end: nil)
        return try GroupRows.neighbours(family, group, of: next, connection).after == nil ? .nothing : .unknown
    }

    /// One that came lies within a group, if its neighbours are in the same and that goes on all the time.
    private mutating func interior(
        _ episode: GroupedEpisode,
        _ grouping: EpisodeGrouping,
        frozen: (Set<Int64>) throws -> Set<Int64>
    ) throws -> Verdict {
        let (before, after) = try GroupRows.neighbours(family, group, of: episode, connection)
        guard let before, let after, let target = before.pointer, after.pointer == target, before.run == after.run,
            !unsteady.contains(before.episode.id), !unsteady.contains(after.episode.id),
            try !frozen([target]).contains(target), let pillar = try pillar(of: target), pillar <= episode.start
        else { return .unknown }
        // Before the threshold was reached, one more may let it be reached earlier, and by others.
        let threshold = grouping.threshold
        let earlier = try GroupRows.earlier(family, of: target, than: episode, enough: threshold, connection)
        guard earlier.count >= threshold else { return .unknown }
        if case .aggregation(.session) = grouping.window {
            return before.run.map { .joins(target, run: $0) } ?? .unknown
        }
        return .joins(target, run: nil)
    }

    /// The start of the first member of a target that has gone on all the time.
    private mutating func pillar(of target: Int64) throws -> Int64? {
        if let known = pillars[target] { return known }
        let open = try GroupRows.open(unsteady.count + 1, family, of: target, connection)
        let first = open.first { !unsteady.contains($0.id) }?.start
        pillars[target] = .some(first)
        return first
    }
}
