// Fingerprints, levels and texts: the small rules everything else hangs on.

import Alerts
import JSON
import Testing

@Suite struct FingerprintTests {
    @Test("Alertmanager's own fingerprints (captured from 0.25)")
    func goldens() {
        let first = [
            Label("severity", "critical"), Label("alertname", "A200"), Label("instance", "h1"), Label("code", "200"),
        ]
        #expect(Fingerprint.of(labels: first) == "9c2d594daf2d5dbc")
        let second = [Label("instance", "zz"), Label("alertname", "One"), Label("severity", "critical")]
        #expect(Fingerprint.of(labels: second) == "4b4955c1a1eedad9")
        #expect(Fingerprint.of(labels: []) == "cbf29ce484222325")
    }

    @Test("external_id before event_id before labels and title")
    func precedence() {
        let labels = [Label("a", "1")]
        #expect(Fingerprint.of(externalID: "x", eventID: "e", labels: labels, title: "t") == "x")
        #expect(Fingerprint.of(externalID: "", eventID: "e", labels: labels, title: "t") == "e")
        let hashed = Fingerprint.of(externalID: nil, eventID: nil, labels: labels, title: "t")
        #expect(hashed.count == 16)
        #expect(hashed != Fingerprint.of(externalID: nil, eventID: nil, labels: labels, title: "u"))
        #expect(hashed != Fingerprint.of(externalID: nil, eventID: nil, labels: [], title: "t"))
    }

    @Test("Where a name ends and a value begins counts")
    func separators() {
        #expect(Fingerprint.of(labels: [Label("ab", "c")]) != Fingerprint.of(labels: [Label("a", "bc")]))
    }

    @Test("Identifiers that the store and Swift could see differently are hashed")
    func identifiers() {
        #expect(Fingerprint.of(identifier: "ext-67890") == "ext-67890")
        #expect(Fingerprint.of(identifier: String(repeating: "x", count: 201)).hasPrefix("hash-"))
        // The same letter, composed and decomposed: equal for Swift, different bytes for the store.
        #expect(Fingerprint.of(identifier: "caf\u{E9}") != Fingerprint.of(identifier: "cafe\u{301}"))
    }

    @Test(
        "Level words",
        arguments: [
            ("critical", AlertLevel.critical), ("CRITICAL", .critical), ("0", .critical), ("1", .error),
            ("2", .warning),
            ("3", .info), ("disaster", .critical), ("High", .critical), ("average", .warning), ("p1", .critical),
            ("information", .info), ("error", .error),
        ]
    )
    func levels(word: String, level: AlertLevel) {
        #expect(LevelMap().level(word) == level)
    }

    @Test func levelOrder() {
        #expect(AlertLevel.critical > .error)
        #expect(AlertLevel.error > .warning)
        #expect(AlertLevel.warning > .info)
        #expect(LevelMap().level("frobnicate") == nil)
        #expect(LevelMap(["high": .info]).level("High") == .info)
        #expect(LevelMap(json: ["Sev1": "critical", "bad": "nonsense"]).level("sev1") == .critical)
        #expect(LevelMap.problem(["x": "nonsense"]) != nil)
        #expect(LevelMap.problem(["x": "error"]) == nil)
    }

    @Test("Texts are cut on character borders and freed of what is invisible")
    func texts() {
        #expect("abcdef".cut(to: 6) == "abcdef")
        #expect("abcdefg".cut(to: 6) == "abc…")
        #expect("日本語日本語".cut(to: 10).utf8.count <= 10)
        #expect("日本語日本語".cut(to: 10).hasPrefix("日本"))
        #expect("a\u{1B}[31mb\nc\u{202E}d\u{200B}e\u{E0041}f".harmless(limit: 100) == "a [31mb cdef")
        #expect("a\u{0}b".storable == "ab")
    }

    @Test func durations() {
        #expect(DurationText.of(milliseconds: -5) == "0s")
        #expect(DurationText.of(milliseconds: 45_900) == "45s")
        #expect(DurationText.of(milliseconds: 200_000) == "3m 20s")
        #expect(DurationText.of(milliseconds: 3_600_000) == "1h")
        #expect(DurationText.of(milliseconds: 183_600_000) == "2d 3h")
    }
}
