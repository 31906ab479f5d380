// What is still worth telling when its turn has come.

import Notifications
import Testing

@testable import Alerts

@Suite struct NoticeJudgeTests {
    private let now: Int64 = 1_000_000

    private func judge(
        _ transition: NoticeTransition,
        _ topic: NoticeTopicState,
        _ siblings: [SiblingNotice] = []
    ) -> NoticeJudgement {
        NoticeJudge.judge(10, transition, topic, siblings, now: now)
    }

    private func told(_ what: String, _ transition: NoticeTransition = .assignment) -> SiblingNotice {
        SiblingNotice(id: 1, transition: transition, state: "sent", told: what)
    }

    private func waits(_ state: String = "pending", _ transition: NoticeTransition = .assignment) -> SiblingNotice {
        SiblingNotice(id: 1, transition: transition, state: state, dueAt: now)
    }

    private let open = NoticeTopicState()
    private let over = NoticeTopicState(isOpen: false)

    @Test("While it goes on")
    func going() {
        for transition in [NoticeTransition.assignment, .raised, .reminder, .escalation, .incidentOpened] {
            #expect(judge(transition, open) == .tell("firing"))
            #expect(judge(transition, NoticeTopicState(isPart: true)) != .tell("firing"))
            let hidden = NoticeTopicState(hiddenUntil: now + 5)
            #expect(judge(transition, hidden) == .postpone(until: now + 5))
        }
        let taken = NoticeTopicState(isAcknowledged: true, person: "ann")
        #expect(judge(.assignment, taken) == .tell("acknowledged"))
        #expect(judge(.reminder, taken) == .drop("it was acknowledged by ann"))
        #expect(judge(.escalation, taken) == .drop("it was acknowledged by ann"))
        #expect(judge(.raised, open, [waits()]) == .drop("the notice before it tells the same"))
        #expect(judge(.raised, open, [told("firing")]) == .tell("firing"))
    }

    @Test("Over before anybody was told: said once, unless a person ended it")
    func begunAndOver() {
        #expect(judge(.assignment, over) == .tell("resolved"))
        #expect(judge(.raised, over) == .tell("resolved"))
        #expect(judge(.raised, over, [waits()]) == .drop("the notice before it tells the same"))
        #expect(judge(.assignment, over, [told("firing")]) == .drop("it is over, and that is told by itself"))
        let closed = NoticeTopicState(isOpen: false, person: "ann")
        #expect(judge(.assignment, closed) == .drop("ann took or ended it before anybody was told"))
        #expect(judge(.reminder, over) == .drop("it is over"))
        #expect(judge(.escalation, over) == .drop("it is over"))
    }

    @Test("The end is told to those who know of the beginning, once")
    func ended() {
        #expect(judge(.recovered, over, [told("firing")]) == .tell("resolved"))
        #expect(judge(.recovered, over, [told("acknowledged")]) == .tell("resolved"))
        #expect(judge(.recovered, over) == .drop("nobody was told of it"))
        #expect(judge(.recovered, over, [told("resolved")]) == .drop("its end was told already"))
        #expect(judge(.recovered, over, [waits()]) == .postpone(until: now + 2_000))
        #expect(judge(.recovered, over, [waits("sending"), told("firing")]) == .postpone(until: now + 2_000))
        let dead = SiblingNotice(id: 1, transition: .assignment, state: "dead")
        #expect(judge(.recovered, over, [dead]) == .drop("nobody was told of it"))
        // What a row keeps as told was told, or may have been, whatever became of the row.
        let doubtful = SiblingNotice(id: 1, transition: .assignment, state: "dead", told: "firing")
        #expect(judge(.recovered, over, [doubtful]) == .tell("resolved"))
        let unknown = SiblingNotice(id: 1, transition: .assignment, state: "unknown", told: "firing")
        #expect(judge(.recovered, over, [unknown]) == .tell("resolved"))
        #expect(judge(.recovered, open, [told("firing")]) == .drop("it goes on again"))
        // It went on again and was told so: its second end is news.
        let again = [told("firing"), told("resolved", .recovered), told("firing")]
        #expect(judge(.recovered, over, again) == .tell("resolved"))
        #expect(judge(.incidentClosed, over, [told("firing", .incidentOpened)]) == .tell("resolved"))
        // Far away: looked at again within a minute.
        let far = SiblingNotice(id: 1, transition: .assignment, state: "pending", dueAt: now + 9_000_000)
        #expect(judge(.recovered, over, [far]) == .postpone(until: now + 60_000))
    }
}
