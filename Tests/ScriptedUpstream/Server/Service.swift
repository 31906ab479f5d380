// What the upstream answers: routes, keys, the strict check, the script.
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

/// The behaviour shared by all connections.
final class Service: Sendable {
    let options: Options
    let counters = Counters()
    let journal = Journal()
    let ledger = Ledger()
    let script = Mutex(Script())
    private let bench = BenchAnswers()
    private let numbers = Atomic<Int>(0)

    static let builtInModels = ["bench", "bench-each", "paced-20ms", "echo"]

    init(options: Options) {
        self.options = options
    }

    /// The answer to a request. Never fails: what is wrong is an answer too.
    func perform(_ request: Request) -> Performance {
        let path = request.path
        if path.hasPrefix("/control/") { return control(request) }
        counters.update { $0.requests += 1 }
        let number = numbers.add(1, ordering: .relaxed).newValue
        do throws(Refusal) {
            try authorize(request)
            if let door = try Door(request) { return try chat(request, at: door, number: number) }
            if path == "/v1/embeddings", request.head.method == .POST {
                return try embeddings(request, number: number)
            }
            guard request.head.method == .GET, path == "/v1/models" || path.hasPrefix("/v1/models/") else {
                throw Service.unknownURL(request)
            }
            return try models(request)
        } catch {
            counters.update { $0.refused += 1 }
            journal.note(request, number: number, refusal: error.message, keyMatches: keyMatches(request))
            ledger.open(request, number: number, model: "", isStream: false, status: error.status, end: .refused)
            return json(request, status: error.status, error.text(Dialect(path: path)))
        }
    }

    /// A JSON answer outside of any script.
    func json(_ request: Request, status: Int, _ text: String) -> Performance {
        Performance(
            account: .control,
            status: status,
            contentType: "application/json",
            text: text,
            keepAlive: request.head.isKeepAlive
        )
    }

    private func chat(_ request: Request, at door: Door, number: Int) throws(Refusal) -> Performance {
        if door.dialect == .openAI, let quick = QuickLook(request.body),
            let kind = BenchAnswers.Kind(model: quick.model)
        {
            counters.update {
                quick.stream ? $0.start(.stream) : $0.start(.answer)
                guard !quick.stream || quick.includeUsage else { return }
                $0.promptTokens += BenchAnswers.promptTokens
                $0.completionTokens += kind.completionTokens(stream: quick.stream)
            }
            return bench.performance(kind, stream: quick.stream, usage: quick.includeUsage)
        }
        let body = try parsed(request)
        if options.strict { try VendorCheck.check(body, door.dialect) }
        let chat = ChatRequest(body, at: door)
        let step = try nextStep(for: chat)
        let staging = Staging(
            step: step,
            speech: Speech(
                step: step,
                request: chat,
                id: "chatcmpl-\(number)",
                created: Int(time(nil)),
                dialect: door.dialect
            ),
            requestID: "upstream-\(number)",
            http11: request.head.version != .http1_0,
            keepAlive: request.head.isKeepAlive
        )
        journal.note(request, number: number, refusal: nil, keyMatches: keyMatches(request))
        var performance = staging.performance()
        performance.number = number
        ledger.open(request, number: number, model: chat.model, isStream: staging.streams, status: step.status)
        counters.update { $0.start(performance.account) }
        return performance
    }

    private func nextStep(for chat: ChatRequest) throws(Refusal) -> Step {
        let (step, scripted) = script.withLock { script in (script.next(for: chat), !script.isEmpty) }
        if let step { return step }
        if chat.model == "echo" { return Step(saying: chat.lastUserText) }
        guard !scripted else {
            throw Refusal(
                status: 500,
                type: "server_error",
                code: "script_exhausted",
                message: "the script has no step for model \(chat.model), round \(chat.round)"
            )
        }
        return Step(saying: "Hello from the scripted upstream.")
    }

    func parsed(_ request: Request) throws(Refusal) -> [String: Value] {
        let type = request.head.headers.first(name: "content-type") ?? ""
        guard !options.strict || type.lowercased().hasPrefix("application/json") else {
            throw Refusal(
                "you must provide a JSON body with 'Content-Type: application/json', not '\(type)'",
                code: "unsupported_content_type"
            )
        }
        guard let value = try? Value(parsing: request.bytes) else {
            throw Refusal("We could not parse the JSON body of your request.")
        }
        guard let members = value.object else {
            throw Refusal("Invalid type for the body: expected an object, but got \(value.typeName).")
        }
        return members
    }

    private func models(_ request: Request) throws(Refusal) -> Performance {
        let known = script.withLock { $0.models } ?? Service.builtInModels
        let entries = known.map { id in
            "{\"id\":\(quoted(id)),\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"scripted\"}"
        }
        guard request.path.hasPrefix("/v1/models/") else {
            return json(request, status: 200, "{\"object\":\"list\",\"data\":[\(entries.joined(separator: ","))]}")
        }
        let wanted = String(request.path.dropFirst("/v1/models/".count))
        guard let position = known.firstIndex(of: wanted) else {
            throw Refusal(
                status: 404,
                type: "invalid_request_error",
                code: "model_not_found",
                message: "The model '\(wanted)' does not exist"
            )
        }
        return json(request, status: 200, entries[position])
    }

    func keyMatches(_ request: Request) -> Bool? {
        guard let key = options.key else { return nil }
        return Dialect(path: request.path).key(in: request.head.headers) == key
    }

    private func authorize(_ request: Request) throws(Refusal) {
        guard keyMatches(request) == false else { return }
        let missing = Dialect(path: request.path).key(in: request.head.headers) == nil
        throw Refusal(
            status: 401,
            type: "invalid_request_error",
            code: missing ? nil : "invalid_api_key",
            message: missing ? "You didn't provide an API key." : "Incorrect API key provided."
        )
    }

    private static func unknownURL(_ request: Request) -> Refusal {
        Refusal(
            status: 404,
            type: "invalid_request_error",
            code: "unknown_url",
            message: "Invalid URL (\(request.head.method.rawValue) \(request.path))"
        )
    }
}
