// Whose task ends when an answer is given up: the one of that answer, and no other.

import HTTPTypes
import Support
import Testing

@testable import HTTPServer

@Suite struct CancelAnswerTests {
    /// Longer than anybody here waits.
    private static let long = Duration.seconds(600)

    /// Four requests in one packet: each is answered by the one connection, in turn.
    @Test func onlyTheOneThatIsBeingMadeIsCancelled() async throws {
        let door = try await Door.open(loops: 1) { request, seen in
            let connection = request.connection
            let number = request.number
            switch request.path {
            case "/own":
                // Others have the task by now.
                await Task.yield()
                try? await Task.sleep(for: .milliseconds(1))
                connection.cancelAnswer(number - 1)
                connection.cancelAnswer(number + 1)
                seen.note("others: \(Task.isCancelled)")
                connection.cancelAnswer(number)
                seen.note("own: \(Task.isCancelled)")
            case "/first":
                // Before there is a task that anybody could have.
                connection.cancelAnswer(number - 1)
                connection.cancelAnswer(number)
                try? await Task.sleep(for: Self.long)
                seen.note("first: \(Task.isCancelled)")
            default:
                connection.cancelAnswer(number - 1)
                try? await Task.sleep(for: .milliseconds(1))
                seen.note("\(request.path): \(Task.isCancelled)")
            }
            return Response(status: .ok, body: ResponseBody(Array(request.path.utf8)))
        }
        let probe = try await HTTPProbe(port: door.port)
        let paths = ["/own", "/after", "/first", "/last"]
        try await probe.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        for path in paths { #expect(try await probe.answer().text == path) }
        #expect(
            door.seen.all == ["others: false", "own: true", "/after: false", "first: true", "/last: false"]
        )
        await door.shut()
    }

    /// From another thread, and by whoever kept the number for too long.
    @Test func aNumberThatIsOverCancelsNothing() async throws {
        let door = try await Door.open(loops: 1) { request, seen in
            let (connection, number) = (request.connection, request.number)
            if request.path == "/one" {
                // Goes on when the answer is over, and in the middle of the next one.
                Task.detached {
                    try await eventually("the next one is being made") { seen.all.contains("/two") }
                    connection.cancelAnswer(number)
                    connection.onLoop { _ in seen.note("late") }
                }
            } else {
                seen.note("/two")
                while !Task.isCancelled, !seen.all.contains("late") {
                    try? await Task.sleep(for: .milliseconds(1))
                }
                seen.note("cancelled: \(Task.isCancelled)")
            }
            return Response(status: .ok)
        }
        let probe = try await HTTPProbe(port: door.port)
        try await probe.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in 1...2 { #expect(try await probe.answer().status == 200) }
        #expect(door.seen.all == ["/two", "late", "cancelled: false"])
        await door.shut()
    }
}
