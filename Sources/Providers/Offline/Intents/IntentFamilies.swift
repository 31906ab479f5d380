// The registry of intent families: a new one is added here, and nowhere else.

/// All families and how one of them is chosen.
///
/// Scale of scores: 92 a question about what a command would do, 90 a command (`acknowledge alert 42`), 85 a remark about the list before (`next page`), 60–80 a
/// question with its own word (`since when`, `how many`, an alert's number), 50 a host, 40 a list, 20–35 talk,
/// 1 not understood. The first of equals wins.
enum IntentFamilies {
    static let all: [any IntentFamily] = [
        ShieldPreview(), Actions(), NextPage(), Notified(), Incidents(), SinceWhen(), AlertTimeline(), AlertDetails(),
        AlertCounts(), HostStatus(), FiringAlerts(), Help(), Greeting(), NotUnderstood(),
    ]

    /// The family of a question. A follow-up without a word of its own ("and on web-2?") is of the family of the
    /// question before it.
    static func family(of question: Question) -> any IntentFamily {
        let own = best(question)
        guard question.isFollowUp, !own.isDirect, !question.own.isEmpty else { return own.family }
        for earlier in question.earlier.reversed() {
            let before = best(earlier)
            if before.family is NextPage { continue }
            return before.score > 35 ? before.family : own.family
        }
        return own.family
    }

    private struct Choice {
        let family: any IntentFamily
        let score: Int

        /// Chosen by a word that asks, not only by a host or a list that fits many questions.
        var isDirect: Bool { score >= 60 }
    }

    private static func best(_ question: Question) -> Choice {
        var choice = Choice(family: NotUnderstood(), score: 0)
        for family in all {
            let score = family.score(question)
            if score > choice.score { choice = Choice(family: family, score: score) }
        }
        return choice
    }

    /// Questions that work, one of each family: those about alerts, then those for which there is a tool.
    static func examples(_ language: AnswerLanguage, _ tools: OfferedTools, most: Int) -> [String] {
        let usual: [any IntentFamily] = [FiringAlerts(), AlertCounts(), HostStatus(), SinceWhen(), AlertDetails()]
        let others: [(tool: String?, family: any IntentFamily)] = [
            (Incidents.list, Incidents()), (Notified.tool, Notified()), (ActionKind.acknowledge.tool, Actions()),
        ]
        let more = others.filter { other in other.tool.map { tools[$0] != nil } ?? false }.map(\.family)
        return (usual + more).compactMap { $0.examples(language).first }.prefix(most).map { $0 }
    }
}
