// A round that arrives in pieces over HTTP, and one that is there already.

import HTTPTransport
import Identity
import OpenAIProtocol
import Synchronization

/// A running streamed answer. One task reads it; `cancel` may come from anywhere.
final class StreamedRound<Reader: AnswerReader>: ModelRound {
    private struct State {
        var events: EventReader<Reader>
        var prefetched: [ModelEvent]?
        var isWholeBody: [UInt8]?
        var hasEnded = false
        var hasBegun = false
    }

    private let response: TransferResponse
    private let provider: String
    private let limit: Int
    let droppedParameters: [String]
    private let secret: Secret?
    private let state: Mutex<State>

    /// - Parameter secret: the key that went with the request; it is hidden wherever the upstream repeats it.
    init(response: TransferResponse, reader: Reader, limit: Int, dropped: [String], secret: Secret?) {
        self.response = response
        provider = reader.provider
        self.limit = limit
        droppedParameters = dropped
        self.secret = secret
        // A JSON body where a stream was asked for is collected and read as a whole answer.
        let isJSON = response.headers["content-type"].map { $0.lowercased().contains("json") } ?? false
        state = Mutex(
            State(
                events: EventReader(reader: reader, limit: limit),
                isWholeBody: isJSON ? [] : nil
            )
        )
    }

    var answeredModel: String? { state.withLock { $0.events.reader.answeredModel } }

    /// Events that say nothing (a role, a fingerprint) and are read before the first that does, at the most.
    private static var silentEvents: Int { 16 }

    /// Reads until something is said, so that an error or an end in its place is still a failure of the call: many
    /// upstreams send a role first and break then.
    func prefetch() async throws(ProviderFailure) {
        var first: [ModelEvent] = []
        while let some = try await pull(patience: nil) {
            first += some
            if some.contains(where: \.hasContent) || first.count >= Self.silentEvents { break }
        }
        // An end marker behind nothing is no answer (`gateways.md` (c) 8).
        guard first.contains(where: \.hasContent) || first.count >= Self.silentEvents else {
            throw ProviderFailure(.malformed, "The provider \(provider) answered without a choice.", provider: provider)
        }
        let events = first
        state.withLock { state in
            state.prefetched = events
            state.hasBegun = true
        }
    }

    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        let waiting = state.withLock { state in
            defer { state.prefetched = nil }
            return state.prefetched
        }
        if let waiting { return waiting }
        do {
            return try await pull(patience: patience)
        } catch {
            throw error.hiding(secret)
        }
    }

    func cancel() {
        response.cancel()
    }

    /// The next events; nil after a clean end, none when `patience` ran out.
    private func pull(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        if state.withLock({ $0.hasEnded }) { return nil }
        if state.withLock({ $0.events.isDone }) {
            await drain()
            return nil
        }
        while true {
            var bytes: [UInt8]? = []
            if !state.withLock({ $0.events.isFaulty }) {
                do {
                    bytes = try await response.nextBatch(patience: patience)
                } catch {
                    let failure = ProviderFailure.from(error, provider: provider)
                    // How long an answer gets is for callers to say: one that came and was too long is no outage.
                    let isTooLong = error.kind == .totalTimeout && state.withLock { $0.hasBegun }
                    throw isTooLong ? failure.sparingTarget : failure
                }
                if let bytes, bytes.isEmpty { return [] }
            }
            let outcome = state.withLock { Self.advance(&$0, with: bytes, limit: limit) }
            switch outcome {
            case .success(let events):
                if !events.isEmpty { return events }
                if state.withLock({ $0.hasEnded }) { return nil }
                if state.withLock({ $0.events.isDone }) {
                    await drain()
                    return nil
                }
            case .failure(let failure):
                response.cancel()
                throw failure
            }
        }
    }

    /// After the end marker: waits a moment for the end of the body, without which the connection could not be used again.
    private func drain() async {
        state.withLock { $0.hasEnded = true }
        let rest = try? await response.nextBatch(patience: .milliseconds(100))
        if rest != nil { response.cancel() }
    }

    private static func advance(
        _ state: inout State,
        with bytes: [UInt8]?,
        limit: Int
    ) -> Result<[ModelEvent], ProviderFailure> {
        do throws(ProviderFailure) {
            guard let bytes else {
                state.hasEnded = true
                guard let body = state.isWholeBody else { return .success(try state.events.end()) }
                var reader = state.events.reader
                var events: [ModelEvent] = []
                try reader.readWhole(body, into: &events)
                guard events.contains(where: \.saysSomething) else {
                    throw reader.malformed("answered without a choice")
                }
                return .success(events)
            }
            if let body = state.isWholeBody {
                if body.count + bytes.count > limit { throw state.events.reader.malformed("answered too much") }
                state.isWholeBody?.append(contentsOf: bytes)
                return .success([])
            }
            return .success(try state.events.take(bytes))
        } catch {
            state.hasEnded = true
            return .failure(error)
        }
    }
}

/// A round whose events are all there.
final class FinishedRound: ModelRound {
    private let events: Mutex<[ModelEvent]?>
    let droppedParameters: [String]
    let answeredModel: String?

    init(_ events: [ModelEvent], dropped: [String] = [], answeredModel: String? = nil) {
        self.events = Mutex(events)
        droppedParameters = dropped
        self.answeredModel = answeredModel
    }

    func next(patience: Duration?) async throws(ProviderFailure) -> [ModelEvent]? {
        events.withLock { events in
            defer { events = nil }
            return events
        }
    }

    func cancel() {
        events.withLock { $0 = nil }
    }
}
