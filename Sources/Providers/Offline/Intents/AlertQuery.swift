// The calls of the alert tools that several families make, with the filter that a question names.

import JSON

/// A filter on alerts, ready to become a call of whichever alert tool is offered.
struct AlertQuery: Sendable {
    static let list = "alerts_list"
    static let count = "alerts_count"
    static let get = "alert_get"

    let meaning: Meaning

    init(_ question: Question) {
        meaning = question.meaning
    }

    init(_ meaning: Meaning) {
        self.meaning = meaning
    }

    /// Without a word about status or time, people ask for what is going on.
    private var status: AskedStatus {
        meaning.status ?? (meaning.window == nil ? .firing : .any)
    }

    /// One call of `alerts_list` for each host named, or one; `lacking` when the tool is not offered.
    func listWish(_ tools: OfferedTools, cursor: String? = nil, limit: Int? = nil) -> Wish {
        guard let tool = tools[Self.list] else { return .lacking([Self.list]) }
        return wish(tool) { draft in
            if let limit = meaning.limit ?? limit { draft.set(limit: limit) }
            if let cursor { draft.set(cursor: cursor) }
        }
    }

    /// Likewise of `alerts_count`; without that tool, the exact total of a list of one row does.
    func countWish(_ tools: OfferedTools, groupBy: String?) -> Wish {
        if let tool = tools[Self.count] {
            return wish(tool) { draft in
                if let groupBy { draft.set(groupBy: groupBy) }
                // Some tools want it always; the level is what people ask for most.
                if tool.required.contains("group_by"), groupBy == nil { draft.set(groupBy: "level") }
            }
        }
        guard let tool = tools[Self.list] else { return .lacking([Self.count]) }
        return wish(tool) { $0.set(limit: 1) }
    }

    /// One call of `alert_get` for each id.
    static func getWish(_ ids: [String], _ tools: OfferedTools) -> Wish {
        guard let tool = tools[get] else { return .lacking([get]) }
        let calls = ids.compactMap { id in
            var draft = ArgumentDraft(tool)
            draft.set(id: id)
            draft.set(flag: ["with_events"])
            return draft.call
        }
        return calls.isEmpty ? .lacking([get]) : .calls(calls)
    }

    private func wish(_ tool: OfferedTool, _ more: (inout ArgumentDraft) -> Void) -> Wish {
        let hosts: [String?] = meaning.hosts.isEmpty ? [nil] : meaning.hosts.map { $0 }
        let calls = hosts.compactMap { host in
            var draft = ArgumentDraft(tool)
            draft.set(status: status)
            draft.set(levels: meaning.levels)
            // The search goes first: a host that has no argument of its own is searched for instead.
            if let topic = meaning.topic { draft.search(topic) }
            if let host { draft.set(host: host) }
            draft.set(labels: meaning.labels)
            if let source = meaning.source { draft.set(source: source) }
            if let window = meaning.window { draft.set(window: window) }
            if let age = meaning.minimumAge { draft.set(minimumAge: age) }
            more(&draft)
            return draft.call
        }
        return calls.isEmpty ? .lacking([tool.name]) : .calls(calls)
    }
}
