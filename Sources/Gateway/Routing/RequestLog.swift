// One line a request: who, where, how it ended, how long it took. No content, no query, no secrets.

import Conversation
import HTTPServer
import HTTPTypes
import Logging
import Providers
import Synchronization

/// Writes the line.
struct RequestLog: Sendable {
    let logger: Logger
    let metrics: RequestMetrics

    func begin(_ request: Request, id: String, trace: TraceContext, notes: RequestNotes) -> Entry {
        Entry(
            logger: logger,
            metrics: metrics,
            id: id,
            trace: trace,
            method: request.method.rawValue,
            path: request.path,
            notes: notes
        )
    }

    /// A request that is being served.
    struct Entry: Sendable {
        let logger: Logger
        let metrics: RequestMetrics
        let id: String
        let trace: TraceContext
        let method: String
        let path: String
        let notes: RequestNotes
        let start = ContinuousClock.now

        func end(status: Int) {
            (notes.current.counter ?? metrics.unserved).count(status: status)
            endSpan(status)
            let level: Logger.Level = status >= 500 ? .warning : .info
            guard logger.logLevel <= level else { return }
            let notes = notes.current
            let duration = ContinuousClock.now - start
            let milliseconds =
                Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
            // The route's pattern where there is one: a path can hold what is not meant for logs.
            var metadata: Logger.Metadata = [
                "request_id": .string(id), "trace_id": .string(trace.traceID), "method": .string(method),
                "route": .string(notes.route ?? path.bounded),
                "status": .stringConvertible(status), "bytes": .stringConvertible(notes.bytes),
                "ms": .string("\((milliseconds * 100).rounded() / 100)"),
            ]
            if let caller = notes.caller { metadata["caller"] = .string(caller) }
            if let model = notes.model { metadata["model"] = .string(model.bounded) }
            if let (target, attempts) = notes.control?.asked {
                metadata["provider"] = .string(target.provider)
                metadata["provider_model"] = .string(target.model.bounded)
                metadata["attempts"] = .stringConvertible(attempts)
            }
            logger.log(level: level, "request", metadata: metadata)
        }

        /// OpenTelemetry's conventions for servers of HTTP.
        private func endSpan(_ status: Int) {
            guard let recorder = trace.recorder else { return }
            let route = notes.current.route
            var said = [
                SpanAttribute("http.request.method", method), SpanAttribute("http.response.status_code", status),
                SpanAttribute("url.scheme", "http"),
            ]
            if let route { said.append(SpanAttribute("http.route", route)) }
            let fault: ErrorType? = status < 500 ? nil : status == 503 ? .oursOverloaded : .oursInternal
            recorder.end(route.map { "\(method) \($0)" } ?? method, said, isFault: fault)
        }

        /// The same body, which writes the line when it has been sent.
        func logging(_ body: ResponseBody, status: Int) -> ResponseBody {
            ResponseBody { writer in
                metrics.streamBegan()
                defer {
                    metrics.streamEnded()
                    end(status: status)
                }
                try await body.write(to: writer)
            }
        }
    }
}

extension String {
    /// Cut to what a log line bears.
    fileprivate var bounded: String { String(prefix(200)) }
}
