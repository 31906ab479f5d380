// Tokens of WeCom applications: fetched once for all who wait, kept until shortly before they end.

import HTTPTransport
import Identity
import JSON

/// Why there is no token, as the result of the message that wanted one.
struct NoToken: Error, Sendable {
    var result: DeliveryResult
}

/// The tokens of all applications that this process sends for.
///
/// WeCom limits the calls of `gettoken` and gives the same token while it lasts (document 91039), so one fetch serves
/// everybody who asks meanwhile, also when the one who asked first goes away.
actor WeChatTokens {
    /// What a token belongs to.
    struct Application: Sendable, Hashable {
        var baseURL: String
        var corpID: String
        var secret: String
    }

    private struct Token {
        var text: String
        /// Epoch milliseconds.
        var goodUntil: Int64
    }

    private let client: HTTPClient
    private let clock: WallClock
    private var tokens: [Application: Token] = [:]
    private var fetches: [Application: Task<Result<Token, NoToken>, Never>] = [:]

    /// A token is taken for ended this much earlier, in milliseconds.
    private static let margin: Int64 = 300_000
    /// Applications whose tokens are kept.
    private static let kept = 1_000

    init(client: HTTPClient, clock: WallClock) {
        self.client = client
        self.clock = clock
    }

    /// A token that is believed to be good.
    ///
    /// - Parameter stale: a token that WeCom has just refused; another one is fetched unless that has happened already.
    func token(
        for application: Application,
        request: TransferRequest,
        replacing stale: String? = nil
    ) async throws(NoToken) -> String {
        if let token = tokens[application], token.goodUntil > clock.now(), token.text != stale { return token.text }
        let fetch: Task<Result<Token, NoToken>, Never>
        if let running = fetches[application] {
            fetch = running
        } else {
            let (client, clock) = (client, clock)
            fetch = Task { await Self.fetch(request, client: client, clock: clock) }
            fetches[application] = fetch
        }
        let result = await fetch.value
        if fetches[application] == fetch {
            fetches[application] = nil
            if tokens.count >= Self.kept { tokens.removeAll() }
            tokens[application] = try? result.get()
        }
        return try result.get().text
    }

    private static func fetch(
        _ request: TransferRequest,
        client: HTTPClient,
        clock: WallClock
    ) async -> Result<Token, NoToken> {
        let response: WholeResponse
        do throws(TransferFailure) {
            response = try await client.fetch(request, bodyLimit: WeChatAnswer.bodyLimit)
        } catch {
            // No message has been sent, whatever became of this call.
            return .failure(NoToken(result: .retry(after: nil, "no token: \(error.message)")))
        }
        guard let answer = WeChatAnswer(response) else {
            let words = "no token: what answers (HTTP status \(response.status)) is not WeCom's gateway"
            return .failure(NoToken(result: .retry(after: nil, words)))
        }
        guard answer.code == WeChatCode.good else {
            return .failure(NoToken(result: WeChatCode.result(of: answer, now: clock.now())))
        }
        guard let text = answer.members["access_token"]?.string, (1...2_048).contains(text.utf8.count) else {
            return .failure(NoToken(result: .retry(after: nil, "no token: WeCom's answer holds none")))
        }
        let seconds = Int64(min(max(answer.members["expires_in"]?.int ?? 7_200, 1), 86_400))
        let life = seconds * 1_000
        return .success(Token(text: text, goodUntil: clock.now() + life - min(margin, life / 10)))
    }
}
