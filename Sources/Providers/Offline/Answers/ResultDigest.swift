// A plain digest of results that no family knows how to word.

package import JSON

/// Status, total and the first rows of any tool's result.
package enum ResultDigest {
    private static let rows = 10
    private static let members = 8

    static func write(_ outcomes: [ToolOutcome], into answer: inout AnswerText) {
        for outcome in outcomes {
            if TroubleAnswer.write(outcome, into: &answer) { continue }
            let tool = OutsideText.code(outcome.call.name)
            if outcome.status == .noData {
                answer.paragraph("\(tool): no matching data.", "\(tool)：没有匹配的数据。")
                continue
            }
            let shown = outcome.rows.prefix(rows)
            let total = outcome.total ?? outcome.rows.count
            let items = shown.map(line)
            if items.isEmpty {
                let text = OutsideText.code(outcome.data.string ?? outcome.data.text, limit: 300)
                answer.paragraph("\(tool) gave: \(text)", "\(tool) 返回：\(text)")
            } else {
                answer.paragraph(
                    "\(tool) gave \(items.count) of \(max(total, items.count)):",
                    "\(tool) 返回 \(items.count) 条，共 \(max(total, items.count)) 条："
                )
                answer.list(items)
            }
        }
    }

    /// What a call that changes something gave, an item a line: the elements of lists (`failed` ones marked), and the
    /// scalars beside them. `warning` is left to whoever words the answer.
    package static func items(of data: JSONValue) -> [String] {
        guard let object = data.object else { return (data.array ?? []).map(line) }
        let scalars = object.members.filter {
            $0.key != "warning" && $0.value.object == nil && $0.value.array == nil && !$0.value.isNull
        }
        var items = scalars.isEmpty ? [] : [line(.object(JSONObject(scalars)))]
        let lists = object.members.compactMap { member in member.value.array.map { (name: member.key, rows: $0) } }
        let hasRows = lists.contains { $0.name != "failed" && $0.rows.contains { $0.object != nil } }
        for (name, rows) in lists where !rows.isEmpty {
            if rows.contains(where: { $0.object != nil }) {
                items += rows.map { (name == "failed" ? "✗ " : "") + line($0) }
            } else if !hasRows {
                items.append(
                    OutsideText.code("\(name)=\(rows.map { $0.string ?? $0.text }.joined(separator: ", "))", limit: 200)
                )
            }
        }
        return items
    }

    /// The scalars of a row as `name=value`, harmless in Markdown.
    package static func line(_ row: JSONValue) -> String {
        guard let object = row.object else { return OutsideText.code(row.string ?? row.text, limit: 200) }
        var parts: [String] = []
        for (name, value) in object.members where parts.count < members {
            if value.object != nil || value.array != nil || value.isNull { continue }
            parts.append(OutsideText.code("\(name)=\(value.string ?? value.text)", limit: 120))
        }
        return parts.isEmpty ? "–" : parts.joined(separator: " ")
    }
}
