// A listener for tests, with a responder that does what the path says.

import HTTPTypes
import Loops
import Support
import Synchronization

@testable import HTTPServer

/// A running listener on a free port.
final class Door: Sendable {
    let listener: Listener
    private let loops: LoopGroup
    let port: Int
    let seen: Seen

    /// What its responders noticed.
    final class Seen: Sendable {
        private let notes = Mutex<[String]>([])
        private let latest = Mutex<Connection?>(nil)

        func note(_ text: String) { notes.withLock { $0.append(text) } }
        var all: [String] { notes.withLock { $0 } }
        /// The connection of the last request.
        var connection: Connection? { latest.withLock { $0 } }

        fileprivate func keep(_ connection: Connection) { latest.withLock { $0 = connection } }
    }

    /// - Parameters:
    ///   - requestTime, refusalTime: so long that nothing is closed for a slow machine's sake. Tests of a close give short
    ///     ones, or tell the connection of a later time.
    static func open(
        requestTime: Duration = .seconds(600),
        refusalTime: Duration = .seconds(600),
        maximumConnections: Int = 1000,
        loops: Int = 2,
        _ responder: (@Sendable (Request, Seen) async -> Response)? = nil
    ) async throws -> Door {
        let seen = Seen()
        var configuration = Listener.Configuration(
            host: "127.0.0.1",
            port: 0,
            requestTime: requestTime,
            maximumConnections: maximumConnections,
            name: "door",
            refusal: { fault in
                let status: HTTPResponse.Status =
                    switch fault {
                    case .malformed: .badRequest
                    case .headersTooLarge: .requestHeaderFieldsTooLarge
                    case .tooManyConnections: .serviceUnavailable
                    }
                return Response(status: status, body: ResponseBody(Array("\(fault)".utf8)))
            }
        )
        configuration.refusalTime = refusalTime
        configuration.droppingTime = .seconds(600)
        let loops = try LoopGroup(count: loops)
        let listener = Listener(configuration, loops: loops) { request in
            seen.keep(request.connection)
            return await (responder ?? Self.usual)(request, seen)
        }
        return Door(listener, loops, try await listener.start(), seen)
    }

    private init(_ listener: Listener, _ loops: LoopGroup, _ port: Int, _ seen: Seen) {
        self.listener = listener
        self.loops = loops
        self.port = port
        self.seen = seen
    }

    /// Stops it and waits until nothing is left of it.
    func shut() async {
        listener.stopAccepting()
        listener.closeAll()
        await listener.drained()
        await loops.shutdown()
    }

    /// Asks the last request's connection something, or tells it something, on its loop.
    func connection<Value: Sendable>(_ body: @escaping @Sendable (ConnectionHandler) -> Value) async throws -> Value {
        guard let connection = seen.connection else { throw SupportError("nobody has asked") }
        return await withCheckedContinuation { continuation in
            connection.onLoop { continuation.resume(returning: body($0)) }
        }
    }

    private static let usual: @Sendable (Request, Seen) async -> Response = { request, seen in
        seen.note("\(request.method.rawValue) \(request.path)")
        switch request.path {
        case "/echo":
            var bytes: [UInt8] = []
            do {
                for try await piece in request.body { bytes.append(contentsOf: piece) }
            } catch {
                seen.note("body: \(error)")
                return Response(status: .badRequest, body: ResponseBody(Array("\(error)".utf8)))
            }
            return Response(status: .ok, headers: [.contentType: "text/plain"], body: ResponseBody(bytes))
        case "/pieces":
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    for number in 1...3 { try await writer.write(Array("piece \(number)\n".utf8)) }
                }
            )
        case "/broken":
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(Array("half".utf8))
                    throw ConnectionClosed()
                }
            )
        case "/nothing": return Response(status: .noContent)
        case "/query":
            let items = request.queryItems.map { "\($0.name)=\($0.value)" }
            return Response(status: .ok, body: ResponseBody(Array(items.joined(separator: "|").utf8)))
        case "/agent":
            return Response(status: .ok, body: ResponseBody(Array((request.headers[.userAgent] ?? "-").utf8)))
        default: return Response(status: .ok, body: ResponseBody(Array(request.path.utf8)))
        }
    }
}
