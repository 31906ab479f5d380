// The time that a question is about, as a span back from now: the offline model has no clock and needs none.

/// "The last hour", "today", "最近三天".
struct TimeWindow: Sendable, Hashable {
    /// A day's name, for tools that say they understand it.
    enum DayName: String, Sendable {
        case today
        case yesterday
    }

    var minutes: Int
    var dayName: DayName?
    /// A date that was written out, `2026-03-01`; taken as UTC.
    var date: String?

    /// As a relative argument: `30m`, `2h`, `3d`. Days by name become spans: without a clock no midnight is known.
    var argument: String {
        if let date { return date + "T00:00:00Z" }
        if minutes % 1_440 == 0, minutes > 1_440 { return "\(minutes / 1_440)d" }
        if minutes % 60 == 0 { return "\(minutes / 60)h" }
        return "\(minutes)m"
    }

    init(minutes: Int, dayName: DayName? = nil, date: String? = nil) {
        self.minutes = minutes
        self.dayName = dayName
        self.date = date
    }

    /// "Older than two days", "超过一小时": how long something goes on at least.
    init?(ageIn utterance: Utterance) {
        let words = utterance.words
        for (index, word) in words.enumerated() where word.lower == "than" {
            let isCue = ["older", "longer", "more"].contains(words.word(index - 1) ?? "")
            if isCue, let window = Self.afterCue(words[(index + 1)...]) {
                self = window
                return
            }
        }
        guard utterance.says("超过"), let start = utterance.compact.firstRange(of: "超过") else { return nil }
        guard let window = Self.chineseSpan(Array(utterance.compact[start.upperBound...])[...]) else { return nil }
        self = window
    }

    /// "For two hours", "2 小时": how long something is to last from now on.
    init?(lengthIn utterance: Utterance) {
        let words = utterance.words
        for (index, word) in words.enumerated() where ["for", "next"].contains(word.lower) {
            if let window = Self.afterCue(words[(index + 1)...]) {
                self = window
                return
            }
        }
        guard words.contains(where: \.isHan) else { return nil }
        var text = ""
        for word in words {
            let isApart = text.last?.isASCII == true && (!word.isHan || "半一二两三四五六七八九十".contains(word.lower.prefix(1)))
            text += isApart ? " " + word.lower : word.lower
        }
        let characters = Array(text)
        for start in characters.indices {
            // Not in the midst of a number, or of a name such as db-1.
            let before = start > 0 ? characters[start - 1] : " "
            guard !before.isNumber, before != "-", let window = Self.chineseSpan(characters[start...]) else { continue }
            self = window
            return
        }
        return nil
    }

    /// The window that a text names, nil when none.
    init?(in utterance: Utterance) {
        let date = utterance.words.first { Moments.seconds($0.raw + "T00:00:00Z") != nil }?.raw
        if let window = date.map({ TimeWindow(minutes: 1_440, date: $0) }) ?? Self.english(utterance.words)
            ?? Self.chinese(utterance)
        {
            self = window
        } else {
            return nil
        }
    }

    /// Ten years; anything longer is no question about alerts.
    private static let longest = 10 * 365 * 1_440

    private static func span(_ count: Int, _ unit: Int) -> TimeWindow? {
        guard count > 0, count <= longest / unit else { return nil }
        return TimeWindow(minutes: count * unit)
    }

    // MARK: English

    private static func english(_ words: [UtteranceWord]) -> TimeWindow? {
        for (index, word) in words.enumerated() {
            switch word.lower {
            case "today", "tonight": return TimeWindow(minutes: 1_440, dayName: .today)
            case "yesterday": return TimeWindow(minutes: 2 * 1_440, dayName: .yesterday)
            case "overnight": return TimeWindow(minutes: 1_440)
            case "this":
                switch words.word(index + 1) {
                case "morning", "afternoon", "evening": return TimeWindow(minutes: 1_440, dayName: .today)
                case "week": return TimeWindow(minutes: 7 * 1_440)
                case "month": return TimeWindow(minutes: 30 * 1_440)
                case "hour": return TimeWindow(minutes: 60)
                default: continue
                }
            case "last", "past", "previous", "recent", "within", "since", "in":
                if let window = afterCue(words[(index + 1)...]) { return window }
            default: continue
            }
        }
        return nil
    }

    /// `hour`, `2 hours`, `two hours`, `30m`, `half an hour`, `night`; also `the last …` behind another cue.
    private static func afterCue(_ words: ArraySlice<UtteranceWord>) -> TimeWindow? {
        guard let first = words.first?.lower else { return nil }
        if first == "the" || first == "couple" { return afterCue(words.dropFirst()) }
        if first == "half" { return TimeWindow(minutes: 30) }
        if first == "night" { return TimeWindow(minutes: 1_440) }
        if let unit = englishUnits[first], first.count > 1 { return span(1, unit) }
        if let count = words.first?.number ?? englishNumbers[first] {
            let next = words.dropFirst().first?.lower ?? ""
            return englishUnits[next].flatMap { span(count, $0) }
        }
        // `30m`, `24h`, `7d` in one word.
        let digits = first.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), let unit = englishUnits[String(first.dropFirst(digits.count))] else {
            return nil
        }
        return span(count, unit)
    }

    private static let englishUnits: [String: Int] = [
        "m": 1, "min": 1, "mins": 1, "minute": 1, "minutes": 1,
        "h": 60, "hr": 60, "hrs": 60, "hour": 60, "hours": 60,
        "d": 1_440, "day": 1_440, "days": 1_440,
        "w": 10_080, "week": 10_080, "weeks": 10_080, "month": 43_200, "months": 43_200,
    ]
    private static let englishNumbers: [String: Int] = [
        "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
        "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60,
    ]

    // MARK: Chinese

    private static func chinese(_ utterance: Utterance) -> TimeWindow? {
        guard utterance.words.contains(where: \.isHan) else { return nil }
        for name in ["今天", "今日", "今早", "今晚", "今晨", "当天"] where utterance.says(name) {
            return TimeWindow(minutes: 1_440, dayName: .today)
        }
        for name in ["昨天", "昨日", "昨晚", "昨夜"] where utterance.says(name) {
            return TimeWindow(minutes: 2 * 1_440, dayName: .yesterday)
        }
        for name in ["本周", "这周", "这一周", "这个星期", "这星期"] where utterance.says(name) {
            return TimeWindow(minutes: 7 * 1_440)
        }
        for name in ["本月", "这个月"] where utterance.says(name) { return TimeWindow(minutes: 30 * 1_440) }
        let characters = Array(utterance.compact)
        for cue in ["最近", "过去", "近", "前", "这"] {
            var rest = characters[...]
            while let position = rest.firstIndex(of: cue.first ?? "近") {
                let after = characters[position...].dropFirst(cue.count)
                if characters[position...].starts(with: cue), let window = chineseSpan(after) { return window }
                rest = characters[(position + 1)...]
            }
        }
        // `3小时内`, `一周以来`: the cue stands behind.
        for start in characters.indices {
            guard let (window, end) = chineseSpanAndEnd(characters[start...]) else { continue }
            let tail = String(characters[end...].prefix(2))
            if tail.hasPrefix("内") || tail == "以内" || tail == "之内" || tail == "以来" { return window }
        }
        return nil
    }

    private static func chineseSpan(_ text: ArraySlice<Character>) -> TimeWindow? {
        chineseSpanAndEnd(text)?.0
    }

    private static func chineseSpanAndEnd(_ text: ArraySlice<Character>) -> (TimeWindow, Int)? {
        var rest = text
        if rest.first == "的" { rest.removeFirst() }
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        var count: Int?
        if !digits.isEmpty {
            count = Int(String(digits))
            rest = rest.dropFirst(digits.count)
        } else if rest.first == "半" {
            rest.removeFirst()
            if rest.starts(with: "个小时") { return (TimeWindow(minutes: 30), rest.startIndex + 3) }
            if rest.starts(with: "小时") { return (TimeWindow(minutes: 30), rest.startIndex + 2) }
            if rest.first == "天" { return (TimeWindow(minutes: 720), rest.startIndex + 1) }
            return nil
        } else {
            (count, rest) = chineseNumber(rest)
        }
        guard let count else { return nil }
        for (unit, minutes) in chineseUnits where rest.starts(with: unit) {
            return span(count, minutes).map { ($0, rest.startIndex + unit.count) }
        }
        return nil
    }

    private static let chineseUnits: [(String, Int)] = [
        ("分钟", 1), ("分", 1), ("个小时", 60), ("小时", 60), ("个钟头", 60), ("天", 1_440), ("日", 1_440), ("个星期", 10_080),
        ("星期", 10_080), ("周", 10_080), ("个月", 43_200), ("h", 60), ("min", 1), ("d", 1_440),
    ]

    private static let chineseDigits: [Character: Int] = [
        "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    ]

    /// 一 to 九十九, which is as far as spoken spans go.
    private static func chineseNumber(_ text: ArraySlice<Character>) -> (Int?, ArraySlice<Character>) {
        var rest = text
        var value: Int?
        if let first = rest.first, let digit = chineseDigits[first] {
            value = digit
            rest.removeFirst()
        }
        if rest.first == "十" {
            rest.removeFirst()
            value = (value ?? 1) * 10
            if let first = rest.first, let digit = chineseDigits[first] {
                value = (value ?? 0) + digit
                rest.removeFirst()
            }
        }
        return (value, rest)
    }
}

extension [UtteranceWord] {
    /// The word at a place, lower-cased; nil behind the end.
    func word(_ index: Int) -> String? {
        indices.contains(index) ? self[index].lower : nil
    }
}
