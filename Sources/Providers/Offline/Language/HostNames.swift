// Finds the hosts that a question names: by their look (web-1, 10.0.0.5) or by the words around them.

/// Reads host names off a question. Names keep the case in which they were written.
struct HostNames {
    private let words: [UtteranceWord]

    /// More hosts than this in one question are left out; each costs a call.
    static let most = 4

    init(_ utterance: Utterance) {
        words = utterance.words
    }

    var found: [String] {
        var hosts: [String] = []
        for index in words.indices {
            guard hosts.count < Self.most, isHost(at: index), !hosts.contains(words[index].raw) else { continue }
            hosts.append(words[index].raw)
        }
        return hosts
    }

    private func isHost(at index: Int) -> Bool {
        let word = words[index]
        guard !word.isHan, word.lower.utf8.count <= 253, !word.lower.contains("#"), !word.lower.contains("=") else {
            return false
        }
        if isIdentifierOfAlert(at: index) { return false }
        if Self.looksLikeHost(word.lower) { return !isSpan(word.lower) }
        guard canBeName(word) else { return false }
        return isCued(at: index)
    }

    /// Dots, dashes or trailing digits beside letters, or an address.
    static func looksLikeHost(_ word: String) -> Bool {
        if Lexicon.notHosts.contains(word) || word.contains("@") || word.contains("'") { return false }
        if isAddress(word) { return true }
        let scalars = word.unicodeScalars
        let letters = scalars.count { $0.properties.isAlphabetic }
        guard letters >= 2, !word.hasPrefix("call_"), !word.contains("//"), !word.contains("/") else { return false }
        if word.hasPrefix("alert-") || word.hasPrefix("alert_") { return false }
        let digits = scalars.contains { (0x30...0x39).contains($0.value) }
        // `up-to-date` and `disk_full` have signs but no digit: a name only with a cue, or with a dot (a domain).
        return digits || (word.contains(".") && !word.hasSuffix(".")) || (word.contains("-") && isServerLike(word))
    }

    /// `web-prod`, `db-main`: a dash, and one of the parts that names of servers are made of.
    private static func isServerLike(_ word: String) -> Bool {
        let parts: Set<Substring> = [
            "web", "db", "api", "app", "prod", "staging", "cache", "proxy", "node", "host", "srv", "server", "master",
            "worker", "gateway", "gw", "lb", "mq", "redis", "mysql", "pg", "nginx", "kafka", "es", "test", "dev", "vm",
        ]
        return word.split(separator: "-").contains { parts.contains($0) }
    }

    private static func isAddress(_ word: String) -> Bool {
        let host = word.split(separator: ":", omittingEmptySubsequences: false)
        guard let address = host.first, host.count <= 2 else { return false }
        let parts = address.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `24h`, `30m`, `7days`: spans of time.
    private func isSpan(_ word: String) -> Bool {
        let units: Set<String> = [
            "s", "sec", "m", "min", "mins", "minutes", "h", "hr", "hrs", "hours", "d", "days", "w", "weeks",
        ]
        let digits = word.prefix { $0.isASCII && $0.isNumber }
        return !digits.isEmpty && units.contains(String(word.dropFirst(digits.count)))
    }

    private func canBeName(_ word: UtteranceWord) -> Bool {
        guard let first = word.lower.unicodeScalars.first, first.properties.isAlphabetic else { return false }
        return word.lower.count >= 2 && !Lexicon.plainEnglish.contains(word.lower)
            && !Lexicon.notHosts.contains(word.lower) && !Self.knownWords.contains(word.lower)
    }

    /// Words that mean something else to the offline model.
    private static let knownWords: Set<String> = {
        var words = Lexicon.sources
        let phrases: [Phrases] =
            [
                Lexicon.alert, Lexicon.resources, Lexicon.firing, Lexicon.resolved, Lexicon.acknowledged,
                Lexicon.list, Lexicon.howMany, Lexicon.sinceWhen, Lexicon.details, Lexicon.why, Lexicon.nextPage,
                Lexicon.greeting, Lexicon.thanks,
            ] + Lexicon.levels.map(\.phrases)
        for phrase in phrases { words += phrase.english }
        words += [
            "silence", "shield", "mute", "suppress", "acknowledge", "ack", "assign", "reassign", "close", "restart",
            "reboot", "preview",
        ]
        words += ["page", "ones", "opsgate", "offline", "model", "id", "by", "ops", "bot"]
        return Set(words)
    }()

    /// A name behind `host`, in `what about …`, `is … ok`, `status of …`, or beside `主机` and `怎么样`.
    private func isCued(at index: Int) -> Bool {
        var before = index - 1
        while let word = words.word(before), ["the", "named", "called", "is", "my", "our"].contains(word), before > 0 {
            if word == "is", ["how", "what"].contains(words.word(before - 1) ?? "") { break }
            before -= 1
        }
        let previous = words.word(before) ?? ""
        let next = words.word(index + 1) ?? ""
        if Self.nouns.contains(previous) { return true }
        if ["about", "on"].contains(previous) { return isEndOfPhrase(index) || Self.nouns.contains(next) }
        if previous == "of", ["status", "state", "health", "condition"].contains(words.word(before - 1) ?? "") {
            return true
        }
        if previous == "is", words.word(before - 1) == "how" { return true }
        if words.word(index - 1) == "is" || words.word(before) == "is",
            ["ok", "okay", "up", "down", "alive", "healthy", "fine", "reachable", "dead"].contains(next)
        {
            return true
        }
        if ["host", "server", "machine"].contains(next) {
            return previous == "" || ["about", "is", "for"].contains(previous)
        }
        for cue in Self.hanBefore where previous.hasSuffix(cue) { return true }
        for cue in Self.hanBehind where next.hasPrefix(cue) { return true }
        return false
    }

    /// Nothing but time words may follow in `alerts on nginx today`.
    private func isEndOfPhrase(_ index: Int) -> Bool {
        guard let next = words.word(index + 1) else { return true }
        return ["today", "now", "right", "please", "in", "since", "currently", "and", "at", "doing"].contains(next)
    }

    /// `alert 42`, `id A-17`: not a host, whatever it looks like.
    private func isIdentifierOfAlert(at index: Int) -> Bool {
        ["id", "no", "number"].contains(words.word(index - 1) ?? "") || words.word(index - 1)?.hasSuffix("编号") == true
    }

    private static let nouns: Set<String> = ["host", "server", "machine", "node", "instance", "vm", "box"]
    private static let hanBefore = ["主机", "服务器", "机器", "节点", "实例", "虚拟机", "主机是", "主机名"]
    private static let hanBehind = [
        "怎么样", "怎么了", "状态", "正常吗", "还好吗", "主机", "服务器", "这台", "有问题", "情况", "有告警", "上有", "上的",
    ]
}
