// The headers that say how an answer came about.

import HTTPServer
import HTTPTypes
import Providers
import Testing

@testable import Gateway

@Suite struct AnswerHeaderTests {
    @Test func whatHadNoEffectIsNamedInOneHeader() {
        let target = RouteTarget(provider: "p", model: "m")
        let answer = ResponseHeaders(answeredBy: (target, attempts: 2), dropping: ["seed", "logit_bias"])
        var own = ResponseHeaders()
        own.setIgnored(["colour"])
        let all = answer.adding(own)
        #expect(all.values(.ignored) == ["colour, seed, logit_bias"])
        #expect(all[.provider] == "p" && all[.attempts] == "2")
        #expect(answer.adding(ResponseHeaders()).values(.ignored) == ["seed, logit_bias"])
        #expect(ResponseHeaders(answeredBy: nil).adding(own).values(.ignored) == ["colour"])
    }
}
