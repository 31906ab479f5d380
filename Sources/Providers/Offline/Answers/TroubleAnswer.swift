// Says plainly that a tool failed, wants an approval, or gave something that cannot be read.

import JSON

/// Words for results that are no data.
enum TroubleAnswer {
    /// - Returns: true when the outcome was such a case and has been told.
    static func write(_ outcome: ToolOutcome, into answer: inout AnswerText) -> Bool {
        let tool = OutsideText.code(outcome.call.name)
        let reason = outcome.message.map { OutsideText.plain($0, limit: 400) } ?? ""
        switch outcome.status {
        case .ok, .noData: return false
        case .error:
            answer.paragraph(
                reason.isEmpty ? "The tool \(tool) failed and gave no reason." : "The tool \(tool) failed: \(reason)",
                reason.isEmpty ? "工具 \(tool) 调用失败，没有给出原因。" : "工具 \(tool) 调用失败：\(reason)"
            )
        case .approvalRequired:
            let would = outcome.data["would"]?.string.map { OutsideText.plain($0, limit: 400) } ?? reason
            answer.paragraph(
                "The tool \(tool) waits for a person's approval and has not run. \(would)",
                "工具 \(tool) 需要人工批准，尚未执行。\(would)"
            )
            // Its hint is for models: what the person has to do is told by the gateway.
            return true
        case .unreadable:
            answer.paragraph(
                reason.isEmpty
                    ? "The tool \(tool) gave no result."
                    : "The tool \(tool) gave a result that I cannot read: \(reason)",
                reason.isEmpty ? "工具 \(tool) 没有返回结果。" : "工具 \(tool) 的结果无法解析：\(reason)"
            )
        }
        if let hint = outcome.hint, !hint.isEmpty {
            let hint = OutsideText.plain(hint, limit: 300)
            answer.paragraph("Hint: \(hint)", "提示：\(hint)")
        }
        return true
    }
}
