// Stand-in for the pipeline's part: the signatures that this part needs, until they are there.

import JSON
import Notifications
import Storage

struct NoticePlanner {
    init(rules: RuleBook, now: Int64) {}

    func assigned(_ alert: Alert, people: [String], channels: [Int64], by: String, sequence: Int64) -> [Notice] {
        channels.flatMap { channel in
            people.map { person in
                Notice(
                    team: alert.team,
                    channel: channel,
                    receiver: person,
                    topic: .alert(alert.id),
                    transition: .assignment,
                    sequence: sequence,
                    level: alert.level.name,
                    payload: ["by": .string(by)]
                )
            }
        }
    }

    func incident(
        _ incidentID: Int64,
        team: Int64,
        level: String,
        transition: NoticeTransition,
        people: [String],
        channels: [Int64],
        sequence: Int64
    ) -> [Notice] {
        channels.flatMap { channel in
            people.map { person in
                Notice(
                    team: team,
                    channel: channel,
                    receiver: person,
                    topic: .incident(incidentID),
                    transition: transition,
                    sequence: sequence,
                    level: level
                )
            }
        }
    }
}

struct AlertEffects {
    static func ended(_ alerts: [Alert], rules: RuleBook, now: Int64, _ connection: any SQLConnection) throws {}
}
