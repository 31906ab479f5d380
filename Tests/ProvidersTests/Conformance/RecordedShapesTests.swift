// A thought, a text, two calls of tools and the usage, in the shape in which each OpenAI-like service streams them, cut at
// every byte (`gateways.md` (c) 12; `clients.md` 5.3–5.7). Anthropic's and Gemini's own protocols: `ConformanceTests`.

import OpenAIProtocol
import Providers
import Testing

@Suite(.timeLimit(.minutes(10))) struct RecordedShapesTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Data of events, or whole lines that begin with a colon.
        let events: [String]
        var finish = FinishReason.toolCalls
        var usage = Usage(promptTokens: 20, completionTokens: 9, cachedTokens: 5, reasoningTokens: 3)
        var reasoning = "Hm 漢"
        var metadata: [String] = []
        var extras = ""
        var lineEnd = "\n"
        var hasEndMarker = true

        var bytes: [UInt8] {
            let all = events + (hasEndMarker ? ["[DONE]"] : [])
            return Array(
                all.map { ($0.hasPrefix(":") ? $0 : "data: " + $0) + lineEnd + lineEnd }.joined().utf8
            )
        }

        var heard: Heard {
            Heard(
                content: "größer \"告警\" 😀",
                reasoning: reasoning,
                calls: [#"weather({"city": "Zürich"})"#, "alerts({})"],
                finishes: [finish],
                usage: usage,
                metadata: metadata,
                extras: extras
            )
        }
    }

    private static let text = [#""größer \"""#, #""告\u8b66\" \ud83d\ude00""#]

    /// A chunk around a choice, with members before and after.
    private static func chunk(_ choices: String, _ before: String, _ after: String = "") -> String {
        "{\(before),\"choices\":[\(choices)]\(after)}"
    }

    private static let details =
        #""prompt_tokens_details":{"cached_tokens":5,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3}"#
    private static let counts = #""prompt_tokens":20,"completion_tokens":9,"total_tokens":29"#

    // MARK: The shapes

    private static let openAI: Shape = {
        let head =
            #""id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"gpt","service_tier":"default","system_fingerprint":"fp_1""#
        func event(_ delta: String, _ finish: String = "null") -> String {
            chunk(
                #"{"index":0,"delta":{\#(delta)},"logprobs":null,"finish_reason":\#(finish)}"#,
                head,
                #","usage":null,"obfuscation":"a1B2""#
            )
        }
        return Shape(
            testDescription: "OpenAI",
            events: [event(#""role":"assistant","content":"","refusal":null"#)]
                + text.map { event(#""content":\#($0)"#) }
                + [
                    event(
                        #""tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]"#
                    ), event(#""tool_calls":[{"index":0,"function":{"arguments":"{\"city\": \"Z"}}]"#),
                    event(#""tool_calls":[{"index":0,"function":{"arguments":"ürich\"}"}}]"#),
                    event(
                        #""tool_calls":[{"index":1,"id":"call_b","type":"function","function":{"name":"alerts","arguments":""}}]"#
                    ), event(#""tool_calls":[{"index":1,"function":{"arguments":"{}"}}]"#), event("", #""tool_calls""#),
                    chunk("", head, #","usage":{\#(counts),\#(details)},"obfuscation":"""#),
                ],
            reasoning: "",
            metadata: [#""service_tier":"default","system_fingerprint":"fp_1""#]
        )
    }()

    private static let deepSeek: Shape = {
        let head =
            #""id":"d-1","object":"chat.completion.chunk","created":1760000000,"model":"deepseek","system_fingerprint":"fp_d""#
        func event(_ delta: String, _ finish: String = "null", _ after: String = "") -> String {
            chunk(#"{"index":0,"delta":{\#(delta)},"logprobs":null,"finish_reason":\#(finish)}"#, head, after)
        }
        return Shape(
            testDescription: "DeepSeek",
            events: [
                ": keep-alive", event(#""role":"assistant","content":null,"reasoning_content":"""#),
                event(#""content":null,"reasoning_content":"Hm ""#), event(#""content":null,"reasoning_content":"漢""#),
                ": keep-alive",
            ] + text.map { event(#""content":\#($0),"reasoning_content":null"#) } + [
                event(
                    #""tool_calls":[{"index":0,"id":"call_0_x","type":"function","function":{"name":"weather","arguments":""}}]"#
                ), event(#""tool_calls":[{"index":0,"function":{"arguments":"{\"city\": \"Zürich\"}"}}]"#),
                event(
                    #""tool_calls":[{"index":1,"id":"call_1_y","type":"function","function":{"name":"alerts","arguments":"{}"}}]"#
                ),
                event(
                    #""content":"","reasoning_content":null"#,
                    #""tool_calls""#,
                    #","usage":{\#(counts),\#(details),"prompt_cache_hit_tokens":5,"prompt_cache_miss_tokens":15}"#
                ),
            ],
            metadata: [#""system_fingerprint":"fp_d""#]
        )
    }()

    private static let qwen: Shape = {
        // The choices come first, and continued calls have empty ids and names.
        func event(_ delta: String, _ finish: String = "null") -> String {
            #"{"choices":[{"delta":{\#(delta)},"finish_reason":\#(finish),"index":0,"logprobs":null}],"object":"chat.completion.chunk","usage":null,"created":1760000000,"system_fingerprint":null,"model":"qwen-plus","id":"chatcmpl-q"}"#
        }
        return Shape(
            testDescription: "Qwen, DashScope",
            events: [
                event(#""content":null,"role":"assistant","reasoning_content":"""#),
                event(#""content":null,"reasoning_content":"Hm 漢""#),
                event(#""content":\#(text[0]),"reasoning_content":null"#),
                event(#""content":\#(text[1]),"reasoning_content":null"#),
                event(
                    #""content":"","tool_calls":[{"index":0,"id":"call_q1","type":"function","function":{"name":"weather","arguments":""}}],"reasoning_content":null"#
                ),
                event(
                    #""content":"","tool_calls":[{"function":{"arguments":"{\"city\": \"Zür","name":""},"index":0,"id":"","type":"function"}],"reasoning_content":null"#
                ),
                event(
                    #""tool_calls":[{"function":{"arguments":"ich\"}","name":null},"index":0,"id":"","type":"function"}],"reasoning_content":null"#
                ),
                event(
                    #""tool_calls":[{"index":1,"id":"call_q2","type":"function","function":{"name":"alerts","arguments":""}}]"#
                ),
                event(#""tool_calls":[{"function":{"arguments":"{}","name":""},"index":1,"id":"","type":"function"}]"#),
                event(#""content":"","reasoning_content":null"#, #""tool_calls""#),
                #"{"choices":[],"object":"chat.completion.chunk","usage":{\#(counts),\#(details)},"created":1760000000,"system_fingerprint":null,"model":"qwen-plus","id":"chatcmpl-q"}"#,
            ]
        )
    }()

    /// `word`: what its reasoning parser calls a thought, of old and of late.
    private static func vLLM(_ word: String) -> Shape {
        let head = #""id":"chatcmpl-v","object":"chat.completion.chunk","created":1760000000,"model":"org/model""#
        func event(_ delta: String, _ rest: String = #""finish_reason":null"#) -> String {
            chunk(#"{"index":0,"delta":{\#(delta)},"logprobs":null,\#(rest),"token_ids":null}"#, head)
        }
        return Shape(
            testDescription: "vLLM, \(word)",
            events: [
                chunk(
                    #"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
                    head,
                    #","prompt_token_ids":null"#
                ), event(#""\#(word)":"Hm ""#), event(#""\#(word)":"漢""#), event(#""content":\#(text[0])"#),
                event(#""content":\#(text[1])"#),
                event(
                    #""tool_calls":[{"id":"chatcmpl-tool-1","type":"function","index":0,"function":{"name":"weather"}}]"#
                ), event(#""tool_calls":[{"index":0,"function":{"arguments":"{\"city\": "}}]"#),
                event(#""tool_calls":[{"index":0,"function":{"arguments":"\"Zürich\"}"}}]"#),
                event(
                    #""tool_calls":[{"id":"chatcmpl-tool-2","type":"function","index":1,"function":{"name":"alerts","arguments":"{}"}}]"#
                ), event(#""content":"""#, #""finish_reason":"tool_calls","stop_reason":null"#),
                chunk("", head, #","usage":{\#(counts),\#(details)}"#),
            ]
        )
    }

    private static let llamaCPP: Shape = {
        let foot =
            #","created":1760000000,"id":"chatcmpl-l","model":"model.gguf","system_fingerprint":"b1-x","object":"chat.completion.chunk""#
        let timings =
            #","timings":{"cache_n":5,"prompt_n":15,"prompt_ms":30.958,"predicted_n":9,"predicted_per_second":52.9}"#
        func event(_ delta: String, _ finish: String = "null") -> String {
            #"{"choices":[{"finish_reason":\#(finish),"index":0,"delta":{\#(delta)}}]\#(foot)}"#
        }
        return Shape(
            testDescription: "llama.cpp",
            events: [
                #"{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]\#(foot),"prompt_progress":{"total":20,"cache":5,"processed":20,"time_ms":30}}"#,
                event(#""reasoning_content":"Hm""#), event(#""reasoning_content":" 漢""#),
                event(#""content":\#(text[0])"#), event(#""content":\#(text[1])"#),
                event(
                    #""tool_calls":[{"index":0,"id":"Xy1","type":"function","function":{"name":"weather","arguments":"{"}}]"#
                ), event(#""tool_calls":[{"index":0,"function":{"arguments":"\"city\": \"Zürich"}}]"#),
                event(#""tool_calls":[{"index":0,"function":{"arguments":"\"}"}}]"#),
                event(
                    #""tool_calls":[{"index":1,"id":"Xy2","type":"function","function":{"name":"alerts","arguments":"{}"}}]"#
                ), event("", #""tool_calls""#), #"{"choices":[]\#(foot),"usage":{\#(counts),\#(details)}\#(timings)}"#,
            ],
            // Each has the latest of all.
            metadata: [
                #""system_fingerprint":"b1-x","prompt_progress":{"total":20,"cache":5,"processed":20,"time_ms":30}"#,
                #""system_fingerprint":"b1-x","prompt_progress":{"total":20,"cache":5,"processed":20,"time_ms":30}"#
                    + timings,
            ]
        )
    }()

    private static let ollama: Shape = {
        // A role in every chunk, calls whole, and `stop` at the end of calls as older versions say it.
        let head =
            #""id":"chatcmpl-7","object":"chat.completion.chunk","created":1760000000,"model":"qwen3","system_fingerprint":"fp_ollama""#
        func event(_ delta: String, _ finish: String = "null") -> String {
            chunk(#"{"index":0,"delta":{"role":"assistant",\#(delta)},"finish_reason":\#(finish)}"#, head)
        }
        return Shape(
            testDescription: "Ollama",
            events: [event(#""content":"","reasoning":"Hm ""#), event(#""content":"","reasoning":"漢""#)]
                + text.map { event(#""content":\#($0)"#) } + [
                    event(
                        #""content":"","tool_calls":[{"id":"call_o1","index":0,"type":"function","function":{"name":"weather","arguments":"{\"city\": \"Zürich\"}"}},{"id":"call_o2","index":0,"type":"function","function":{"name":"alerts","arguments":"{}"}}]"#
                    ), event(#""content":"""#, #""stop""#), chunk("", head, #","usage":{\#(counts)}"#),
                ],
            finish: .stop,
            usage: Usage(promptTokens: 20, completionTokens: 9),
            metadata: [#""system_fingerprint":"fp_ollama""#]
        )
    }()

    private static let openRouter: Shape = {
        let head =
            #""id":"gen-1","provider":"Some","model":"org/model","object":"chat.completion.chunk","created":1760000000"#
        func event(_ delta: String, _ rest: String = #""finish_reason":null,"native_finish_reason":null"#) -> String {
            chunk(#"{"index":0,"delta":{"role":"assistant",\#(delta)},\#(rest),"logprobs":null}"#, head)
        }
        return Shape(
            testDescription: "OpenRouter",
            events: [
                ": OPENROUTER PROCESSING", ": OPENROUTER PROCESSING", event(#""content":"","reasoning":"Hm 漢""#),
                event(#""content":\#(text[0])"#), ": OPENROUTER PROCESSING", event(#""content":\#(text[1])"#),
                event(
                    #""content":null,"tool_calls":[{"index":0,"id":"tool_0","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Zürich\"}"}}]"#
                ),
                event(
                    #""content":null,"tool_calls":[{"index":1,"id":"tool_1","type":"function","function":{"name":"alerts","arguments":"{}"}}]"#
                ), event(#""content":"""#, #""finish_reason":"tool_calls","native_finish_reason":"tool_use""#),
                chunk(
                    #"{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null,"native_finish_reason":null,"logprobs":null}"#,
                    head,
                    #","usage":{\#(counts),\#(details),"cost":0.00014,"is_byok":false}"#
                ),
            ],
            metadata: [#""provider":"Some""#],
            extras: #""native_finish_reason":"tool_use""#
        )
    }()

    private static let azure: Shape = {
        let head =
            #""created":1760000000,"id":"chatcmpl-z","model":"gpt","object":"chat.completion.chunk","system_fingerprint":"fp_z""#
        let safe = #""content_filter_results":{}"#
        func event(_ delta: String, _ rest: String = safe, _ finish: String = "null") -> String {
            #"{"choices":[{\#(rest),"delta":{\#(delta)},"finish_reason":\#(finish),"index":0,"logprobs":null}],\#(head)}"#
        }
        return Shape(
            testDescription: "Azure",
            events: [
                #"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
                event(#""content":"","refusal":null,"role":"assistant""#), event(#""content":\#(text[0])"#),
                event(#""content":\#(text[1])"#),
                // A verdict of the asynchronous filter: no text, null members.
                #"{"choices":[{\#(safe),"content_filter_offsets":{"check_offset":1},"finish_reason":null,"index":0}],"created":0,"id":"","model":"","object":""}"#,
                event(
                    #""tool_calls":[{"function":{"arguments":"","name":"weather"},"id":"call_z1","index":0,"type":"function"}]"#
                ), event(#""tool_calls":[{"function":{"arguments":"{\"city\": \"Zürich\"}"},"index":0}]"#),
                event(
                    #""tool_calls":[{"function":{"arguments":"{}","name":"alerts"},"id":"call_z2","index":1,"type":"function"}]"#
                ), event("", safe, #""tool_calls""#),
                #"{"choices":[],\#(head),"usage":{\#(counts),\#(details)}}"#,
            ],
            reasoning: "",
            metadata: [
                #""prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]"#,
                #""prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}],"system_fingerprint":"fp_z""#,
            ],
            // Seven chunks with the members, one of them with two.
            extras: String(repeating: safe, count: 4) + #","content_filter_offsets":{"check_offset":1}"#
                + String(repeating: safe, count: 4)
        )
    }()

    static let shapes: [Shape] = {
        let plain = [
            openAI, deepSeek, qwen, vLLM("reasoning_content"), vLLM("reasoning"), llamaCPP, ollama, openRouter, azure,
        ]
        // A proxy on the way may write other line ends, and some servers send no end marker.
        var others = [qwen, llamaCPP].map { shape in
            Shape(
                testDescription: shape.testDescription + ", CRLF, no end marker",
                events: shape.events,
                metadata: shape.metadata,
                lineEnd: "\r\n",
                hasEndMarker: false
            )
        }
        others.append(
            Shape(testDescription: "vLLM, CR", events: vLLM("reasoning").events, lineEnd: "\r")
        )
        return plain + others
    }()

    @Test("12. Every dialect, cut at every byte", arguments: shapes) func everySplit(_ shape: Shape) {
        let bytes = shape.bytes
        let heard = shape.heard
        for split in 0...bytes.count {
            let got = hear([Array(bytes[..<split]), Array(bytes[split...])])
            guard got == heard else {
                Issue.record("cut at \(split): \(got)")
                return
            }
        }
    }

    @Test("12. Every dialect, in pieces of any size", arguments: shapes) func anyPieces(_ shape: Shape) {
        #expect(hear(shape.bytes.map { [$0] }) == shape.heard)
        let seed = UInt64.random(in: 1...UInt64.max)
        var state = seed
        for _ in 0..<50 {
            var pieces: [[UInt8]] = []
            var rest = shape.bytes[...]
            while !rest.isEmpty {
                // SplitMix-like steps: what is wanted is that a failure can be repeated from the seed.
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let size = Int(state >> 33) % 40 + 1
                pieces.append(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(hear(pieces) == shape.heard, "seed \(seed)")
        }
    }
}
