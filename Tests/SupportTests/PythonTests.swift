// The Python environment with a real client against the scripted upstream.
import Foundation
import Support
import Testing

@Suite struct PythonTests {
    @Test func theRealClientReadsTheUpstream() async throws {
        let upstream = try await ScriptedUpstream.start(key: "sk-k")
        try await upstream.queue(
            "{\"text\":\"abcdef\",\"text_chunks\":3}",
            "{\"tool_calls\":[{\"name\":\"f\",\"arguments\":{\"a\":1}},{\"name\":\"g\"}],\"arguments_every\":2,\"interleaved\":true}",
            "{\"text\":\"whole\"}",
            "{\"status\":429,\"headers\":{\"retry-after-ms\":\"1\"}}",
            "\"again\""
        )
        let python = try await PythonEnvironment.shared()
        let result = try await python.run(
            """
            import os, openai
            c = openai.OpenAI()
            m = [{"role": "user", "content": "q"}]
            s = c.chat.completions.create(model="x", messages=m, stream=True)
            print("|".join(k.choices[0].delta.content or "" for k in s))
            with c.chat.completions.stream(model="x", messages=m) as s:
                for e in s: pass
                f = s.get_final_completion().choices[0]
                print(f.finish_reason, [(t.id, t.function.name, t.function.arguments) for t in f.message.tool_calls])
            print(c.chat.completions.create(model="x", messages=m).usage.total_tokens)
            print(c.chat.completions.create(model="x", messages=m).choices[0].message.content)
            try: c.chat.completions.create(model="x", messages=[])
            except openai.BadRequestError as e: print(e.status_code, e.code, e.param)
            print([m.id for m in c.models.list()])
            """,
            environment: ["OPENAI_API_KEY": "sk-k", "OPENAI_BASE_URL": upstream.baseURL]
        )
        #expect(result.errors == "")
        #expect(
            result.output == """
                |ab|cd|ef|
                tool_calls [('call_1', 'f', '{"a":1}'), ('call_2', 'g', '{}')]
                19
                again
                400 empty_array messages
                ['bench', 'bench-each', 'paced-20ms', 'echo']

                """
        )
    }

    @Test func onlyOneMakesIt() async throws {
        let made = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { try await PythonEnvironment.shared().python } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(made.count == 1)
    }
}
