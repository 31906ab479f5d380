// Stage 6: who is told what. The words are found when it is sent (`AlertComposer`).

import Notifications
import Storage

enum Notices: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        let planner = NoticePlanner(rules: work.rules, now: work.now)
        var ended: [Int64] = []
        var released: [Alert] = []
        for change in work.changes {
            let alert = try work.alert(change)
            let wasOpen = change.before?.status.isOpen
            if !alert.status.isOpen {
                // What comes and goes is told of when it is quiet.
                if wasOpen == true, !alert.handling.isFlapping { ended.append(alert.id) }
                continue
            }
            guard alert.standsAlone else { continue }
            if let rule = work.assigned[alert.id] {
                guard rule.scenarios.contains("assignment"), !work.silent.contains(alert.id) else { continue }
                work.notices += planner.assigned(
                    alert,
                    people: rule.personnel,
                    channels: rule.channels,
                    by: rule.name,
                    sequence: 0
                )
                continue
            }
            guard let before = change.before, let rule = planner.rule(alert), !alert.handling.isFlapping else {
                continue
            }
            if wasOpen == false, rule.scenarios.contains("assignment") {
                // An aggregate that was over goes on: the moment tells this from the first time.
                work.notices += planner.assigned(
                    alert,
                    people: alert.handling.operators,
                    channels: rule.channels,
                    by: rule.name,
                    sequence: work.now
                )
            } else if before.handling.shield != nil {
                released.append(alert)
            } else if alert.level > before.level, rule.scenarios.contains("raised") {
                work.notices += planner.raised(alert, rule)
            }
        }
        work.notices += try planner.raisedUnseen(released, work.connection)
        work.told += try planner.recovered(ended, work.connection)
        try tellIncidents(&work, planner)
    }

    private static func tellIncidents(_ work: inout PipelineWork, _ planner: NoticePlanner) throws {
        for change in work.incidentChanges {
            guard var incident = change.incident, change.isNew || incident.isOpen != change.wasOpen else { continue }
            guard incident.isOpen else {
                if !change.isNew { work.told += try planner.incidentOver(incident, work.connection) }
                continue
            }
            guard let id = incident.root, let root = try AlertRows.with(ids: [id], work.connection).first else {
                continue
            }
            if incident.operators.isEmpty, !root.handling.operators.isEmpty {
                incident.operators = root.handling.operators
                try RuleIncidentRows.update(incident, now: work.now, work.connection)
            }
            guard let rule = planner.rule(root), rule.scenarios.contains("assignment") else { continue }
            work.notices += planner.incident(
                incident.id,
                team: incident.team,
                level: incident.level.name,
                transition: .incidentOpened,
                people: root.handling.operators,
                channels: rule.channels,
                sequence: change.isNew ? 0 : work.now
            )
        }
    }
}
