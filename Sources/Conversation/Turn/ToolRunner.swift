// Runs tool calls side by side, each within its time, and never waits for one that will not end.

import Identity
import JSON
import Logging
import OpenAIProtocol
import Synchronization
import Tools

/// Runs the calls of one round.
struct ToolRunner: Sendable {
    let caller: Caller
    let now: Int64
    let logger: Logger
    let requestID: String

    /// A call with its result, ready for the model.
    struct Outcome: Sendable {
        let call: ToolCall
        let result: ToolResult
        /// JSON of the result, within its budget.
        let json: [UInt8]
        /// False when it was not waited for to the end: what it did then, nobody knows.
        let isKnown: Bool
        let duration: Duration

        var status: ToolStatus { result.status }
        /// For the shown step: `7 of 7`.
        var extent: String { result.extent }
    }

    /// One call to be run.
    struct Job: Sendable {
        let call: ToolCall
        let tool: Tool
        let arguments: JSONObject
        let bytes: Int
        let time: Duration
        /// What runs in the tool's place: a request for a person's approval.
        var instead: (@Sendable (ToolCallContext) async throws -> ToolResult)?
    }

    /// Runs one job to its end, its time limit, or the turn's cancellation, whichever is first.
    func run(_ job: Job) async -> Outcome {
        let start = ContinuousClock.now
        let (result, isKnown) = await result(of: job)
        return Outcome(
            call: job.call,
            result: result,
            json: result.json(limit: job.bytes),
            isKnown: isKnown,
            duration: ContinuousClock.now - start
        )
    }

    private func result(of job: Job) async -> (ToolResult, isKnown: Bool) {
        guard caller.may(job.tool.permission) else {
            let message = "You may not use \(job.tool.name): the permission \(job.tool.permission.name) is missing."
            return (.error(message), true)
        }
        let context = ToolCallContext(
            caller: caller,
            now: now,
            rows: job.tool.budget.rows,
            bytes: job.bytes
        )
        let race = Race()
        // Unstructured on purpose: a tool that does not notice its cancellation must not hold the turn.
        let work = Task {
            do {
                let result =
                    if let instead = job.instead {
                        try await instead(context)
                    } else {
                        try await job.tool.run(job.arguments, context)
                    }
                race.finish(.success(result))
            } catch {
                race.finish(.failure(error))
            }
        }
        let timer = Task {
            try? await Task.sleep(for: job.time)
            race.finish(nil)
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        let end = await withTaskCancellationHandler {
            await race.value()
        } onCancel: {
            work.cancel()
            race.finish(nil)
        }
        switch end {
        case .success(let result): return (result, true)
        case .failure(let error):
            logger.error(
                "tool failed",
                metadata: ["request_id": "\(requestID)", "tool": "\(job.tool.name)", "reason": "\(error)"]
            )
            return (.error("\(job.tool.name) failed; the gateway's log has the details."), true)
        case nil:
            let isWrite = job.tool.effect == .write && job.instead == nil
            return (
                .error(
                    "\(job.tool.name) did not answer within \(job.time.components.seconds) s.",
                    hint: isWrite
                        ? "It may have been done all the same: look before trying again."
                        : "Narrow the question, or go on without it."
                ), false
            )
        }
    }
}

/// The first of several ends, for one waiter.
private final class Race: Sendable {
    private enum State {
        case open
        case waiting(CheckedContinuation<Result<ToolResult, any Error>?, Never>)
        case ended(Result<ToolResult, any Error>?)
    }

    private let state = Mutex(State.open)

    func finish(_ result: Result<ToolResult, any Error>?) {
        let waiter = state.withLock { state -> CheckedContinuation<Result<ToolResult, any Error>?, Never>? in
            switch state {
            case .open:
                state = .ended(result)
                return nil
            case .waiting(let waiter):
                state = .ended(result)
                return waiter
            case .ended: return nil
            }
        }
        waiter?.resume(returning: result)
    }

    func value() async -> Result<ToolResult, any Error>? {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state -> Result<ToolResult, any Error>?? in
                if case .ended(let result) = state { return .some(result) }
                state = .waiting(continuation)
                return nil
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }
}

extension ToolResult {
    fileprivate var extent: String {
        switch (returned, total) {
        case (let returned?, let total?): "\(returned) of \(total)"
        case (nil, let total?): "\(total)"
        default: ""
        }
    }
}
