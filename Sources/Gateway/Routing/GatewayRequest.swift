// A request as handlers see it: who calls, the parameters, the body within its bounds.

import HTTPServer
import HTTPTypes
import Identity
import JSON
import Synchronization

/// One request on its way through a handler.
final class GatewayRequest: Sendable {
    let request: Request
    let context: GatewayContext
    let id: String
    /// nil on routes for anybody and for webhooks.
    let caller: Caller?
    let heartbeat: Heartbeat
    let bodies: BodyMeter
    /// How long a body may take to arrive.
    let bodyTime: Duration
    /// Filled in by handlers for the log line.
    let notes: RequestNotes

    init(_ request: Request, _ context: GatewayContext, caller: Caller?, edge: EdgeState) {
        self.request = request
        self.context = context
        self.caller = caller
        id = context.requestID
        heartbeat = edge.heartbeat
        bodies = edge.bodies
        bodyTime = edge.bodyTime
        notes = context.notes
    }

    /// The caller of a route with a permission.
    func authenticated() throws(CredentialFailure) -> Caller {
        guard let caller else { throw .missing }
        return caller
    }

    /// A `{name}` of the path.
    func parameter(_ name: String) -> String {
        context.parameters[name] ?? ""
    }

    /// A `{name}` of the path that must be a row's id; nil for anything else, which is nobody's id.
    func identifier(_ name: String = "id") -> Int64? {
        Int64(parameter(name))
    }

    /// The query in order, percent-decoding done.
    var query: [(String, String)] {
        request.queryItems
    }

    /// Reads the body.
    ///
    /// - Throws: `BodyFault` when it is larger than `limit`, comes too slowly, or ends before its time.
    func body(limit: Int) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw BodyFault.tooLarge(limit: limit)
        }
        if let bytes = request.body.whole {
            if bytes.count > limit { throw BodyFault.tooLarge(limit: limit) }
            return bytes
        }
        // Each byte in time is not enough: a body that trickles must end, too.
        let body = request.body
        let flag = LateFlag()
        let deadline = heartbeat.schedule(after: bodyTime) {
            flag.raise()
            body.abandon()
        }
        defer { heartbeat.cancel(deadline) }
        var bytes: [UInt8] = []
        defer { bodies.give(bytes.count) }
        do {
            for try await piece in body {
                if bytes.count + piece.count > limit { throw BodyFault.tooLarge(limit: limit) }
                guard bodies.take(piece.count) else { throw BodyFault.tooManyBodies }
                bytes.append(contentsOf: piece)
            }
        } catch is BodyFailure {
            throw flag.isRaised ? BodyFault.tooSlow : BodyFault.incomplete
        }
        return bytes
    }

    /// Reads a JSON object; an empty body counts as `{}`.
    func object(limit: Int = 1 << 20) async throws -> JSONObject {
        let bytes = try await body(limit: limit)
        if bytes.isEmpty { return [:] }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw BodyFault.notJSON(error)
        }
        guard case .object(let object) = value else { throw BodyFault.notAnObject(value.typeName) }
        return object
    }
}

/// Says that a deadline has passed.
private final class LateFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        raised.store(true, ordering: .releasing)
    }
}

/// What can be wrong with a body as a whole.
enum BodyFault: Error {
    case tooLarge(limit: Int)
    case tooSlow
    /// It ended before its time.
    case incomplete
    case tooManyBodies
    case notJSON(JSONError)
    case notAnObject(String)
}
