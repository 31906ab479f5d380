// Requests for embeddings, tied to the client's connection as turns are.

import Conversation
import HTTPServer
import HTTPTypes
import OpenAIProtocol

extension TurnLauncher {
    /// Runs to the end.
    ///
    /// - Returns: the vectors, and the headers that say how they came about.
    func embeddings(
        _ run: EmbeddingRun,
        for request: GatewayRequest
    ) async throws -> (answer: EmbeddingRun.Answer, headers: ResponseHeaders) {
        let (end, answer) = await guarded(run.control, request) { await run.run() }
        switch end {
        case .failed(let error): throw error.adding(run.control)
        case .cancelled(.shutDown): throw OpenAIError.shuttingDown.adding(run.control)
        case .cancelled(.clientGone): throw CancellationError()
        case .finished:
            guard let answer else { throw OpenAIError.internal() }
            return (answer, Self.headers((answer.target, answer.attempts), run.control))
        }
    }
}
