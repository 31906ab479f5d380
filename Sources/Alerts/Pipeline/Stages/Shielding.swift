// Stage 1: what a shield hides now. Hidden alerts are kept and listed; nobody is told.

enum Shielding: PipelineStage {
    static func run(_ work: inout PipelineWork) throws {
        for place in work.changes.indices {
            let alert = try work.alert(work.changes[place])
            guard alert.status.isOpen, alert.handling.kind == .single else { continue }
            if work.rules.shields.isEmpty, alert.handling.shield == nil { continue }
            let shield = work.rules.shield(try work.subject(alert), team: alert.team, at: work.now)
            if shield == nil, alert.handling.shield != nil { work.changes[place].isNews = true }
            work.edit(alert.id) { $0.shield = shield?.id }
        }
    }
}
