// The headers that say how an answer came about.

import Conversation
import HTTPServer
import HTTPTypes
import OpenAIProtocol
import Providers

extension ResponseHeaders {
    /// `x-opsgate-provider`, `-model` and `-attempts`; nothing when nobody answered.
    ///
    /// - Parameter dropped: the request's members that had no effect there, for `x-opsgate-ignored`.
    init(answeredBy answer: (RouteTarget, attempts: Int)?, dropping dropped: [String] = []) {
        self.init()
        setIgnored(dropped)
        guard let (target, attempts) = answer else { return }
        add(.provider, target.provider)
        add(.model, target.model.headerSafe)
        add(.attempts, String(attempts))
    }

    /// From names and values of our own, in the order of the names.
    init(_ headers: [String: String]) {
        self.init()
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            if let name = HTTPField.Name(name) { add(name, value) }
        }
    }

    /// What is left of the limits.
    mutating func add(_ standing: LimitStanding) {
        if let requests = standing.requests {
            add(.limitRequests, String(requests.limit))
            add(.remainingRequests, String(requests.remaining))
            add(.resetRequests, LimitStanding.text(requests.reset))
        }
        if let tokens = standing.tokens {
            add(.limitTokens, String(tokens.limit))
            add(.remainingTokens, String(tokens.remaining))
            add(.resetTokens, LimitStanding.text(tokens.reset))
        }
    }

    /// With others after them. What both have ignored is named in one header.
    func adding(_ others: ResponseHeaders) -> ResponseHeaders {
        if others.isEmpty { return self }
        if isEmpty { return others }
        var all = self
        all.append(others)
        let ignored = others.values(.ignored) + values(.ignored)
        if ignored.count > 1 {
            all.remove(.ignored)
            all.add(.ignored, ignored.joined(separator: ", "))
        }
        return all
    }

    /// Names the members of a request that have no effect in `x-opsgate-ignored`.
    mutating func setIgnored(_ members: [String]) {
        guard !members.isEmpty else { return }
        // Enough to find out why something has no effect; a header has its limits.
        let shown = members.prefix(20).map(\.headerSafe) + (members.count > 20 ? ["..."] : [])
        add(.ignored, shown.joined(separator: ", "))
    }
}

extension OpenAIError {
    /// With who was asked how often, and what is left of the limits, unless it tells that itself. Where a tool has run it
    /// says that it must not be had again: the SDKs would repeat the whole turn (`clients.md` 0.8).
    func adding(_ control: TurnControl) -> OpenAIError {
        var error = self
        for field in ResponseHeaders(answeredBy: control.asked).fields { error.headers[field.name] = field.value }
        error.headers.merge(control.standing.headers) { own, _ in own }
        if control.hasActed { error.shouldRetry = false }
        return error
    }
}

extension String {
    /// Without what may not stand in a header.
    fileprivate var headerSafe: String {
        let isSafe = utf8.count <= 100 && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2C }
        if isSafe { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F && $0 != "," }.prefix(100)
            )
        )
    }
}
