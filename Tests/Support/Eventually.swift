// Waiting on conditions instead of sleeping for luck.

extension Duration {
    /// How long a test waits for what should come soon: so long that it is never a slow machine that ends it.
    package static let patience = Duration.seconds(300)
}

/// Asks until the body returns something.
/// - Parameters:
///   - what: what is waited for; the failure repeats it.
///   - limit: how long at most.
///   - pause: between two questions.
/// - Throws: ``SupportError`` when the time is over, with the last error of the body if it threw.
@discardableResult
package func eventually<Found>(
    _ what: @autoclosure () -> String,
    within limit: Duration = .patience,
    every pause: Duration = .milliseconds(5),
    _ body: () async throws -> Found?
) async throws -> Found {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var last: (any Error)?
    while true {
        do {
            if let found = try await body() { return found }
            last = nil
        } catch let error as CancellationError {
            throw error
        } catch {
            last = error
        }
        guard clock.now < deadline else {
            throw SupportError("not within \(limit): \(what())" + (last.map { " (last error: \($0))" } ?? ""))
        }
        try await Task.sleep(for: pause)
    }
}

/// Asks until the condition holds.
/// - Throws: ``SupportError`` when the time is over.
package func eventually(
    _ what: @autoclosure () -> String,
    within limit: Duration = .patience,
    every pause: Duration = .milliseconds(5),
    holds condition: () async throws -> Bool
) async throws {
    try await eventually(what(), within: limit, every: pause) { try await condition() ? true : nil }
}
