// The headers that say how an answer came about.

import HTTPServer
import HTTPTypes
import Providers
import Testing

@testable import Conversation
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

    @Test func whatHadNoEffectHasTheNameOfTheClientsForm() {
        let control = TurnControl()
        let target = RouteTarget(provider: "p", model: "m")
        control.asked(target, attempts: 1, dropping: ["max_completion_tokens", "user"])
        func named(_ sink: (some SurfaceSink).Type) -> String? {
            TurnLauncher.headers((target, attempts: 1), control, sink.renamed)[.ignored]
        }
        #expect(named(ChatStreamSink.self) == "max_completion_tokens, user")
        for sink in [MessageSink.self, MessageStreamSink.self] as [any SurfaceSink.Type] {
            #expect(named(sink) == "max_tokens, metadata.user_id")
        }
        for sink in [ResponseSink.self, ResponseStreamSink.self] as [any SurfaceSink.Type] {
            #expect(named(sink) == "max_output_tokens, user")
        }
    }
}
