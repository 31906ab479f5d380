// What WeCom answers: the code decides, never the HTTP status nor the words beside it (WeCom document 90455).

import HTTPTransport
import JSON

/// An answer of WeCom's gateway.
struct WeChatAnswer: Sendable, Hashable {
    var code: Int
    var message: String
    var members: JSONObject

    /// Bytes of an answer; a list of a thousand unknown receivers has 64 KB.
    static let bodyLimit = 256 << 10

    /// Nil for what is no answer of WeCom's, such as a proxy's error page.
    init?(_ response: WholeResponse) {
        guard let object = try? JSONValue(parsing: response.body).object, let code = object["errcode"]?.int else {
            return nil
        }
        self.code = code
        message = (object["errmsg"]?.string ?? "").shownLine(limit: 300)
        members = object
    }

    /// `errcode 40013: invalid corpid`.
    var words: String { "errcode \(code): \(message.isEmpty ? "no message" : message)" }

    /// The members of `a|b|c` under a name.
    func list(_ name: String) -> [String] {
        (members[name]?.string ?? "").split(separator: "|").map(String.init)
    }
}

/// WeCom's codes as far as they are told apart here. Source: `ops.md` section 4, WeCom document 90313.
enum WeChatCode {
    static let good = 0
    static let busy = -1
    /// The token is wrong, was revoked or has expired. An expired one is reported as either of these.
    static let staleToken: Set<Int> = [40001, 40014, 42001]
    static let tooLong = 40058
    static let tooOften = 45009
    static let tooMuchAtOnce = 45033
    static let robotKey = 93000

    /// What an answer other than 0 means when nothing can be mended here and now.
    ///
    /// - Parameter now: epoch milliseconds.
    static func result(of answer: WeChatAnswer, now: Int64) -> DeliveryResult {
        switch answer.code {
        case busy:
            return .retry(after: .seconds(5), "WeCom is busy (\(answer.words))")
        case tooOften:
            // The block by the minute lasts a minute (WeCom document 90454).
            return .slowDown(until: now + 60_000, "WeCom asks to slow down (\(answer.words))")
        case tooMuchAtOnce:
            return .slowDown(until: now + 5_000, "too many calls at once (\(answer.words))")
        default:
            guard let advice = advice[answer.code] else {
                return .retry(after: nil, "WeCom answers \(answer.words)")
            }
            return .refused("\(advice) (\(answer.words))")
        }
    }

    /// Codes that another attempt does not change, with what the operator can do.
    private static let advice: [Int: String] = [
        40001: "the application's secret is not accepted: check config.secret",
        40003: "WeCom knows none of the receivers: check their wecom_id",
        40008: "WeCom does not take this type of message",
        40013: "the organisation's id is not accepted: check config.corp_id",
        40014: "the token is refused, also a fresh one: check config.secret and config.corp_id",
        40031: "WeCom knows none of the receivers: check their wecom_id",
        40056: "the application's id is not accepted: check config.agent_id",
        40058: "the message is longer than WeCom takes, also when it is cut",
        40068: "the message is not as WeCom wants it",
        41001: "the call had no token, which is a fault of this program",
        41004: "the call had no secret: check config.secret",
        42001: "the token has expired, also a fresh one: check the clock of the gateway",
        44004: "the message is empty",
        48002: "the application may not call this interface",
        60011: "the application may not write to these receivers: widen its visible range in WeCom",
        60020: "this machine's address is not in the application's list of trusted addresses in WeCom",
        60111: "WeCom does not know the receiver: check their wecom_id",
        81013: "WeCom knows none of the receivers: check their wecom_id and the application's visible range",
        86001: "the organisation's id is not accepted: check config.corp_id",
        93000: "WeCom does not know the robot's key: make a new one and set config.webhook_url",
        93004: "the robot was switched off in its group",
        93008: "the robot is not in the group any more",
        301002: "the application may not do this: check config.agent_id and config.secret",
    ]
}
