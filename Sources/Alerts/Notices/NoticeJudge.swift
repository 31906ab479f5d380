// Whether a notice is still worth telling when its turn has come. Pure.

import Notifications

/// Another notice of the same topic to the same receiver over the same channel.
struct SiblingNotice: Sendable, Hashable {
    var id: Int64
    var transition: NoticeTransition
    /// `pending`, `sending`, `sent`, `dropped`, `dead`, `unknown`.
    var state: String
    var told: String?
    var dueAt: Int64

    init(id: Int64, transition: NoticeTransition, state: String, told: String? = nil, dueAt: Int64 = 0) {
        self.id = id
        self.transition = transition
        self.state = state
        self.told = told
        self.dueAt = dueAt
    }

    var isWaiting: Bool { state == "pending" || state == "sending" }
    /// What it told, or may have told.
    var said: String? { isWaiting ? nil : told }
}

/// What a notice is about, at this moment.
struct NoticeTopicState: Sendable, Hashable {
    var isOpen = true
    var isAcknowledged = false
    /// The person who took or ended it.
    var person: String?
    /// Part of another alert, or waiting to become one: not told of by itself.
    var isPart = false
    /// A shield hides it until then; epoch milliseconds.
    var hiddenUntil: Int64?
}

/// The verdict without the words.
enum NoticeJudgement: Sendable, Hashable {
    /// Tell the state as it is, and keep that it was told.
    case tell(String)
    case drop(String)
    case postpone(until: Int64)
}

enum NoticeJudge {
    /// What is kept with a notice that told of the end.
    static let over = "resolved"
    /// How long an end waits for a notice that is being sent.
    private static let pause: Int64 = 2_000
    private static let longest: Int64 = 60_000

    /// - Parameters:
    ///   - siblings: in the order in which they were told, without the notice itself.
    static func judge(
        _ id: Int64,
        _ transition: NoticeTransition,
        _ topic: NoticeTopicState,
        _ siblings: [SiblingNotice],
        now: Int64
    ) -> NoticeJudgement {
        switch transition {
        case .recovered, .incidentClosed: return ended(topic, siblings, now)
        case .reminder, .escalation:
            if !topic.isOpen { return .drop("it is over") }
            if topic.isAcknowledged { return .drop("it was acknowledged\(topic.person.map { " by \($0)" } ?? "")") }
        case .assignment, .raised, .incidentOpened:
            if !topic.isOpen { return begunAndOver(id, topic, siblings) }
        }
        if topic.isPart { return .drop("it is told of as part of another alert") }
        if let until = topic.hiddenUntil { return .postpone(until: until) }
        let earlier = siblings.contains { $0.isWaiting && $0.id < id && $0.transition == .assignment }
        // The words are found when it is sent, so the first notice tells the new level already.
        if transition == .raised, earlier { return .drop("the notice before it tells the same") }
        return .tell(topic.isAcknowledged ? "acknowledged" : "firing")
    }

    private static func begunAndOver(
        _ id: Int64,
        _ topic: NoticeTopicState,
        _ siblings: [SiblingNotice]
    ) -> NoticeJudgement {
        // The notice of the end tells those who know of the beginning.
        if siblings.contains(where: { $0.said != nil }) { return .drop("it is over, and that is told by itself") }
        if let person = topic.person { return .drop("\(person) took or ended it before anybody was told") }
        let first = siblings.contains { sibling in
            sibling.isWaiting && sibling.id < id
                && [.assignment, .raised, .incidentOpened].contains(sibling.transition)
        }
        return first ? .drop("the notice before it tells the same") : .tell(over)
    }

    private static func ended(
        _ topic: NoticeTopicState,
        _ siblings: [SiblingNotice],
        _ now: Int64
    ) -> NoticeJudgement {
        if topic.isOpen { return .drop("it goes on again") }
        let begun = siblings.filter { $0.transition != .recovered && $0.transition != .incidentClosed }
        if let waiting = begun.filter(\.isWaiting).map(\.dueAt).min() {
            return .postpone(until: min(max(waiting, now + pause), now + longest))
        }
        guard let last = siblings.last(where: { $0.said != nil })?.said else { return .drop("nobody was told of it") }
        return last == over ? .drop("its end was told already") : .tell(over)
    }
}
