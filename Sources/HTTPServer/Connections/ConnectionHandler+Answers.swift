// How a connection's requests are answered: one after another, each in a task that begins at once.

import HTTPTypes
import Loops

extension ConnectionHandler {
    /// What has come of a body by now goes to its responder; the rest follows.
    func dispatchIncomplete() {
        guard case .collecting(let head, let body) = inbound, let connection else { return }
        var goOn: (@Sendable () -> Void)?
        if body.isEmpty, head.expectsGoOn {
            goOn = { connection.onLoop { $0.sayGoOn() } }
        }
        let pipe = BodyPipe(onDemand: goOn, resumeReading: { connection.onLoop { $0.resumeReading() } })
        if !body.isEmpty, pipe.append(body) { isPaused = true }
        inbound = .streaming(pipe)
        connection.isReading = true
        dispatch(head, body: RequestBody(.pipe(pipe)))
    }

    func dispatch(_ head: RequestHead, body: RequestBody) {
        guard let connection else { return }
        answerBegins()
        guard !isSurplus else { return refuse(.tooManyConnections) }
        let request = Request(
            method: head.method,
            target: head.target,
            headers: head.headers,
            body: body,
            connection: connection,
            number: answerNumber
        )
        let state = table.state
        let terms = AnswerTerms(
            method: head.method,
            keepsAlive: head.keepsAlive,
            knowsChunks: head.isCurrent,
            server: state.configuration.name
        )
        let number = answerNumber
        // At once and here: a task that had to be picked up by another thread first would cost more than many answers.
        let task = Task<Void, Never>.immediate(executorPreference: connection.executor) {
            let response = await state.responder(request)
            guard case .made = response.body.content else {
                return await connection.answer(response, terms, isStopping: state.isStopping)
            }
            // A task keeps its memory as deep as it ever was. This one has called all that makes an answer; the one that
            // sends it may live for minutes, and there are thousands of them.
            connection.onLoop { $0.answerIsMade() }
            _ = Task<Void, Never>.immediate(executorPreference: connection.executor) {
                await connection.answer(response, terms, isStopping: state.isStopping)
            }
        }
        guard isMaking, answerNumber == number else { return }
        answering = task
        if mustCancel { task.cancel() }
    }

    private func answerIsMade() {
        isMaking = false
        answering = nil
    }

    /// Cancels the task that makes that answer, if it is still being made.
    func cancelAnswer(_ number: Int) {
        guard isMaking, answerNumber == number else { return }
        // It may be in its first steps, before anybody has it.
        mustCancel = true
        answering?.cancel()
    }

    func answered(keepsOpen: Bool) {
        guard let connection else { return }
        isAnswering = false
        answerIsMade()
        isPaused = false
        lastActivity = .now
        if case .streaming(let pipe) = inbound {
            // A close at once would be a reset, and many clients would never see the answer: what is still on its way
            // is read and dropped for a moment.
            pipe.fail(.abandoned)
            guard !connection.mustClose else { return closeWhenSent() }
            inbound = .dropping(0)
            let state = table.state
            close(after: malformed == nil ? state.configuration.droppingTime : state.configuration.refusalTime)
            goOn()
        } else if keepsOpen, !connection.mustClose, !table.state.isStopping {
            goOn()
        } else {
            closeWhenSent()
        }
    }

    /// The next request, if it has come.
    func goOn() {
        readWaiting()
        dispatchIncomplete()
        readOn()
    }

    /// Answers what no responder gets to see, and closes.
    func refuse(_ fault: Listener.Configuration.Malformed) {
        guard let connection else { return }
        answerBegins()
        let configuration = table.state.configuration
        let response = configuration.refusal(fault)
        let terms = AnswerTerms(method: .get, keepsAlive: false, knowsChunks: true, server: configuration.name)
        _ = Task<Void, Never>.immediate(executorPreference: connection.executor) {
            _ = await connection.send(response, terms, isStopping: false)
            // Not closed at once: with bytes unread that would be a reset, and the answer might not be seen.
            connection.onLoop { $0.close(after: configuration.refusalTime) }
        }
    }
}
