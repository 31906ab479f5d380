// What a question names: levels, status, time, hosts, alerts, and by what to count.

/// The things named in a question, before any intent is chosen.
struct Meaning: Sendable, Hashable {
    var levels: [AlertLevel] = []
    var status: AskedStatus?
    var window: TimeWindow?
    /// "Older than two days".
    var minimumAge: TimeWindow?
    var hosts: [String] = []
    /// Ids of alerts as written: `42`.
    var alertIDs: [String] = []
    /// 1 for "the first one"; -1 for "the last one".
    var ordinal: Int?
    var groupBy: String?
    var source: String?
    var topic: String?
    /// `name=value` as written.
    var labels: [String] = []
    var limit: Int?

    init() {}

    init(_ utterance: Utterance) {
        let words = utterance.words
        (levels, status) = Self.levelsAndStatus(utterance)
        minimumAge = TimeWindow(ageIn: utterance)
        window = minimumAge == nil ? TimeWindow(in: utterance) : nil
        hosts = HostNames(utterance).found
        alertIDs = Self.alertIDs(words)
        ordinal = alertIDs.isEmpty ? Self.ordinal(utterance) : nil
        groupBy = Lexicon.groupKeys.first { $0.phrases.isSaid(in: utterance) }?.key ?? Self.groupLabel(words)
        labels = words.map(\.raw).filter { $0.contains("=") && $0.first != "=" }.prefix(4).map { $0 }
        source = Lexicon.sources.first { name in words.contains { $0.lower == name } }
        topic = Lexicon.resources.first(in: utterance) ?? Lexicon.programs.first(in: utterance)
        limit = Self.limit(words, utterance.compact)
        // `alerts on mysql`: a host that is called like a topic is looked for as a topic.
        if let topic, hosts.contains(where: { $0.lowercased().contains(topic) }) { self.topic = nil }
    }

    /// Nothing is named that narrows or directs a query.
    var isEmpty: Bool { self == Meaning() }

    /// What an elliptic question ("and on web-2?") leaves unsaid is taken from the question before it.
    func completed(by previous: Meaning) -> Meaning {
        var whole = self
        if whole.levels.isEmpty { whole.levels = previous.levels }
        whole.status = whole.status ?? previous.status
        whole.window = whole.window ?? previous.window
        whole.minimumAge = whole.minimumAge ?? previous.minimumAge
        if whole.hosts.isEmpty { whole.hosts = previous.hosts }
        if whole.alertIDs.isEmpty, whole.ordinal == nil, whole.hosts.isEmpty { whole.alertIDs = previous.alertIDs }
        whole.source = whole.source ?? previous.source
        whole.topic = whole.topic ?? previous.topic
        if whole.labels.isEmpty { whole.labels = previous.labels }
        return whole
    }

    // MARK: Reading

    private static func levelsAndStatus(_ utterance: Utterance) -> ([AlertLevel], AskedStatus?) {
        var spaced = utterance.spaced
        var compact = utterance.compact
        var levels: [AlertLevel] = []
        for (level, phrases) in Lexicon.levels where phrases.take(of: utterance, from: &spaced, &compact) {
            levels.append(level)
        }
        if let least = levels.max(), Lexicon.andAbove.isSaid(in: utterance) { levels = least.andAbove }
        if Lexicon.unacknowledged.take(of: utterance, from: &spaced, &compact) { return (levels, .unacknowledged) }
        if Lexicon.anyStatus.take(of: utterance, from: &spaced, &compact) { return (levels, .any) }
        // Firing first: its negated forms contain the words of `resolved`.
        let isFiring = Lexicon.firing.take(of: utterance, from: &spaced, &compact)
        let isResolved = Lexicon.resolved.take(of: utterance, from: &spaced, &compact)
        let isAcknowledged = Lexicon.acknowledged.take(of: utterance, from: &spaced, &compact)
        if Lexicon.closed.take(of: utterance, from: &spaced, &compact), !isResolved { return (levels, .closed) }
        switch (isFiring, isResolved, isAcknowledged) {
        case (_, _, true): return (levels, .acknowledged)
        case (true, true, _): return (levels, Self.isNowOnly(utterance) ? .resolved : .any)
        case (true, false, _): return (levels, .firing)
        case (false, true, _): return (levels, .resolved)
        case (false, false, false): return (levels, nil)
        }
    }

    /// "Which are resolved now": `now` gives the time, `resolved` the status.
    private static func isNowOnly(_ utterance: Utterance) -> Bool {
        let plain: Phrases = ["firing", "active", "open", "unresolved", "触发", "活动", "活跃", "未恢复"]
        return !plain.isSaid(in: utterance)
    }

    /// `alert 42`, `#42`, `alerts 42 and 43`, `告警42`, `编号为 42`.
    private static func alertIDs(_ words: [UtteranceWord]) -> [String] {
        let cues: Set<String> = ["alert", "alerts", "alarm", "id", "ids", "no", "number", "incident", "event"]
        let hanCues = ["告警", "警报", "报警", "编号", "编号为", "编号是", "号", "第"]
        var ids: [String] = []
        var isInList = false
        for (index, word) in words.enumerated() where !word.isHan {
            let previous = words.word(index - 1) ?? ""
            let plain = word.lower.hasPrefix("#") ? String(word.lower.dropFirst()) : word.lower
            let isNumber = !plain.isEmpty && plain.count <= 18 && plain.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            let next = words.word(index + 1) ?? ""
            let isCounted =
                isUnit(next) || ["个", "条", "分钟", "小时", "天", "周", "日", "页", "台"].contains { next.hasPrefix($0) }
            var isID = isNumber && (word.lower.hasPrefix("#") || isBare(words, index) || next.hasPrefix("号"))
            isID = isID || (isNumber && !isCounted && cues.contains(previous))
            isID = isID || (isNumber && !isCounted && hanCues.contains { previous.hasSuffix($0) })
            isID = isID || (isNumber && !isCounted && isInList && ["and", "or", "和", "、", "与"].contains(previous))
            if word.lower.hasPrefix("alert:") || word.lower.hasPrefix("alert-") {
                let rest = String(word.raw.dropFirst(6))
                if !rest.isEmpty, rest.utf8.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) {
                    ids.append(word.lower.hasPrefix("alert:") ? rest : word.raw)
                }
                continue
            }
            if isID, ids.count < HostNames.most, !ids.contains(plain) { ids.append(plain) }
            isInList = isID || (isInList && word.lower == "and")
        }
        return ids
    }

    /// `by label region`, `per cluster`, `按标签 region`: a label of this name.
    private static func groupLabel(_ words: [UtteranceWord]) -> String? {
        for (index, word) in words.enumerated() {
            let next = words.word(index + 1) ?? ""
            if word.lower == "label" || word.lower.hasSuffix("按标签"),
                ["by", "per", "each"].contains(words.word(index - 1) ?? "")
                    || word.isHan, words.indices.contains(index + 1), !words[index + 1].isHan
            {
                return "label:\(words[index + 1].raw)"
            }
            let isCue = ["by", "per", "each"].contains(word.lower) || (word.isHan && word.lower.hasSuffix("按"))
            if isCue, Lexicon.groupLabels.contains(next) { return "label:\(next)" }
        }
        return nil
    }

    /// A number that is nearly all that was said: `42`, `show 42`, `42 怎么回事`.
    private static func isBare(_ words: [UtteranceWord], _ index: Int) -> Bool {
        let verbs: Set<String> = ["show", "details", "detail", "open", "get", "describe", "explain", "查看", "看看", "详情"]
        let others = words.indices.filter { $0 != index }.map { words[$0].lower }
        return others.allSatisfy { verbs.contains($0) || ["怎么回事", "怎么了", "的详情", "是什么"].contains($0) }
    }

    private static func isUnit(_ word: String) -> Bool {
        ["minutes", "minute", "min", "hours", "hour", "days", "day", "weeks", "alerts", "hosts", "pages", "times"]
            .contains(word)
    }

    private static func ordinal(_ utterance: Utterance) -> Int? {
        let english: [(String, Int)] = [
            ("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("1st", 1), ("2nd", 2), ("3rd", 3),
        ]
        for (word, place) in english
        where ["one", "alert", "of"].contains(where: { utterance.says("\(word) \($0)") })
            || utterance.spaced.hasSuffix(" the \(word) ")
        {
            return place
        }
        if utterance.says("last one") || utterance.says("最后一") { return -1 }
        let chinese: [(String, Int)] = [("一", 1), ("二", 2), ("三", 3), ("四", 4), ("五", 5), ("1", 1), ("2", 2), ("3", 3)]
        for (digit, place) in chinese
        where utterance.says("第") && ["个", "条", "项"].contains(where: { utterance.compact.contains("第\(digit)\($0)") }) {
            return place
        }
        return nil
    }

    /// `top 5`, `first 10`, `latest 3 alerts`, `前5条`.
    private static func limit(_ words: [UtteranceWord], _ compact: String) -> Int? {
        for (index, word) in words.enumerated() {
            guard let number = word.number, number > 0, number <= 100 else { continue }
            let previous = words.word(index - 1) ?? ""
            let next = words.word(index + 1) ?? ""
            if ["top", "first", "latest", "newest", "show", "list", "only"].contains(previous), !isTime(next) {
                return number
            }
            if previous == "last", ["alerts", "alarms", "events"].contains(next) { return number }
            if ["前", "最新", "最近"].contains(where: { previous.hasSuffix($0) }),
                next.hasPrefix("条") || next.hasPrefix("个告警")
            {
                return number
            }
        }
        return nil
    }

    private static func isTime(_ word: String) -> Bool {
        ["minutes", "minute", "min", "mins", "hours", "hour", "h", "days", "day", "weeks", "week"].contains(word)
    }
}
