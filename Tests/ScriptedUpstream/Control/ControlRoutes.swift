// The tester's side of the upstream: script, counters, what was received, reset.
import NIOHTTP1
import Synchronization

extension Service {
    /// Answers what is under `/control/`.
    func control(_ request: Request) -> Performance {
        switch (request.head.method, request.path) {
        case (.POST, "/control/script"):
            do throws(ScriptError) {
                let next = try read(script: request)
                script.withLock { $0 = next }
                return json(request, status: 200, "{\"ok\":true}")
            } catch {
                return json(request, status: 400, Refusal(error.message).text)
            }
        case (.GET, "/control/stats"):
            return json(request, status: 200, counters.json)
        case (.GET, "/control/ledger"):
            return json(request, status: 200, ledger.json)
        case (.GET, "/control/requests"):
            return json(request, status: 200, journal.json)
        case (.POST, "/control/reset"):
            script.withLock { $0 = Script() }
            counters.reset()
            journal.reset()
            ledger.reset()
            return json(request, status: 200, "{\"ok\":true}")
        default:
            return json(request, status: 404, Refusal("no such control: \(request.head.uri)").text)
        }
    }

    private func read(script request: Request) throws(ScriptError) -> Script {
        guard let value = try? Value(parsing: request.bytes) else { throw ScriptError("the script is not JSON") }
        return try Script(value)
    }
}
