// The gateway's own words about approvals, in English and Chinese: no model writes or changes them.

import JSON
import Providers
import Tools

enum ApprovalWords {
    /// What stands at the end of an answer while calls wait.
    static func notice(_ approvals: [Approval], _ language: ApprovalLanguage, now: Int64) -> String {
        let lines = approvals.map { approval in
            let minutes = max(1, (approval.expiresAt - now + 59_999) / 60_000)
            let sentence = OutsideText.plain(approval.summary, limit: Approval.summaryLimit)
            return language == .english
                ? "- \(sentence) — reply `confirm \(approval.code)` (valid for \(minutes) min)"
                : "- \(sentence) — 回复 `confirm \(approval.code)`（\(minutes) 分钟内有效）"
        }
        let head =
            language == .english
            ? "**Nothing has been done yet. This needs your approval:**" : "**尚未执行任何操作，以下操作需要您批准：**"
        let foot =
            language == .english
            ? "Each code works once, within ten minutes of being asked for; `cancel CODE` refuses it."
            : "每个确认码自申请起十分钟内有效，只能使用一次；回复 `cancel 确认码` 可拒绝。"
        return ([head, ""] + lines + ["", foot]).joined(separator: "\n")
    }

    /// The whole answer to `confirm CODE` and `cancel CODE`.
    static func answer(_ verdict: ApprovalVerdict, to command: ApprovalCommand) -> String {
        let words = Words(language: language(of: verdict) ?? command.language, code: command.code)
        switch verdict {
        case .ran(let approval, let result, let isKnown):
            return words.ran(approval, result, isKnown: isKnown)
        case .refused(let approval):
            return words.pick(
                "**Cancelled:** \(words.plain(approval)) — nothing was done.",
                "**已取消：**\(words.plain(approval)) — 没有执行任何操作。"
            )
        case .unknown:
            return words.pick(
                "There is no approval of yours with the code `\(words.code)` at this bot. Nothing was done.",
                "此机器人没有属于您的确认码 `\(words.code)`。没有执行任何操作。"
            )
        case .expired(let approval):
            return words.pick(
                "The code `\(words.code)` has expired: \(words.plain(approval)). Nothing was done; "
                    + "ask again for a new code.",
                "确认码 `\(words.code)` 已过期：\(words.plain(approval))。没有执行任何操作，请重新提出请求以获取新的确认码。"
            )
        case .used(let approval): return words.used(approval)
        case .barred(let approval, .permission(let name)):
            return words.pick(
                "You may not do this: the permission `\(name)` is missing. Nothing was done (\(words.plain(approval))).",
                "您无权执行此操作：缺少权限 `\(name)`。没有执行任何操作（\(words.plain(approval))）。"
            )
        case .barred(let approval, .withdrawn):
            return words.pick(
                "The bot is no longer granted `\(approval.tool)`. Nothing was done (\(words.plain(approval))).",
                "此机器人已不再拥有工具 `\(approval.tool)`。没有执行任何操作（\(words.plain(approval))）。"
            )
        case .limited(let seconds):
            let minutes = (seconds + 59) / 60
            return words.pick(
                "Too many wrong codes: none is accepted for another \(minutes) min. Nothing was done.",
                "错误的确认码过多，\(minutes) 分钟内不再接受确认码。没有执行任何操作。"
            )
        }
    }

    private static func language(of verdict: ApprovalVerdict) -> ApprovalLanguage? {
        switch verdict {
        case .ran(let approval, _, _), .refused(let approval), .expired(let approval), .used(let approval),
            .barred(let approval, _):
            approval.language
        case .unknown, .limited: nil
        }
    }
}

/// The longer answers, in one language.
private struct Words {
    let language: ApprovalLanguage
    let code: String

    func pick(_ english: String, _ chinese: String) -> String { language == .english ? english : chinese }

    func plain(_ approval: Approval) -> String { OutsideText.plain(approval.summary, limit: Approval.summaryLimit) }

    func ran(_ approval: Approval, _ result: ToolResult, isKnown: Bool) -> String {
        var lines: [String] = []
        let sentence = plain(approval)
        switch result.status {
        case .ok: lines.append(pick("**Done:** \(sentence)", "**已执行：**\(sentence)"))
        case .noData:
            lines.append(pick("**Nothing was changed:** \(sentence)", "**没有任何改动：**\(sentence)"))
        case .error, .approvalRequired:
            lines.append(
                isKnown
                    ? pick("**Failed:** \(sentence)", "**执行失败：**\(sentence)")
                    : pick(
                        "**It is not known whether this was done:** \(sentence)",
                        "**无法确定是否已执行：**\(sentence)"
                    )
            )
        }
        let items = Self.items(result.data)
        if !items.isEmpty { lines += [""] + items.map { "- \($0)" } }
        for text in [result.message, result.data["warning"]?.string, result.hint] {
            guard let text, !text.isEmpty else { continue }
            lines += ["", OutsideText.plain(text, limit: 1_000)]
        }
        return lines.joined(separator: "\n")
    }

    private static func items(_ data: JSONValue) -> [String] {
        let all = ResultDigest.items(of: data)
        let most = 50
        return all.prefix(most) + (all.count > most ? ["… (\(all.count - most))"] : [])
    }

    func used(_ approval: Approval) -> String {
        let sentence = plain(approval)
        return switch approval.state {
        case .done:
            pick(
                "The code `\(code)` has been used already, and this was done: \(sentence). It was not done again.",
                "确认码 `\(code)` 已使用，操作已执行：\(sentence)。没有重复执行。"
            )
        case .refused:
            pick(
                "The code `\(code)` has been cancelled: \(sentence). Nothing was done.",
                "确认码 `\(code)` 已被取消：\(sentence)。没有执行任何操作。"
            )
        case .running:
            pick(
                "The code `\(code)` has been used already: \(sentence) is being done, or was interrupted.",
                "确认码 `\(code)` 已使用：\(sentence) 正在执行，或已中断。"
            )
        default:
            pick(
                "The code `\(code)` has been used already, and this failed: \(sentence). Ask again for a new code.",
                "确认码 `\(code)` 已使用，但执行失败：\(sentence)。请重新提出请求。"
            )
        }
    }
}
