// Between a request and the store: the conversation that it goes on from, and the keeping of what is answered.

import Conversation
import Identity
import JSON
import Logging
import OpenAIProtocol

/// Fetches and keeps responses for their users.
struct ResponseDesk: Sendable {
    let store: ResponseStore
    let logger: Logger

    /// Items that one request may refer to by their ids.
    private static let mostReferences = 256

    /// The items of the conversation that a request goes on from; references in it are resolved.
    ///
    /// - Throws: `OpenAIError` 400 `previous_response_not_found`, or 404 for an unknown item.
    func history(
        of asked: inout ResponseRequest,
        caller: Caller,
        now: Int64
    ) async throws -> [ResponseRequest.Item] {
        let found = try await referenced(asked.references, caller: caller, now: now)
        try asked.resolve { found[$0] }
        guard let previous = asked.previousID else { return [] }
        switch try await store.conversation(upTo: previous, userID: caller.userID, now: now) {
        case .found(let responses): return try responses.flatMap { try Self.items(of: $0) }
        case .missing(let id):
            throw OpenAIError.invalid(
                "Previous response with id '\(id.prefix(100))' not found.",
                param: "previous_response_id",
                code: "previous_response_not_found"
            )
        case .tooLong:
            throw OpenAIError.invalid(
                "The conversation of the previous response is too long to go on from.",
                param: "previous_response_id",
                code: "context_length_exceeded"
            )
        }
    }

    private func referenced(
        _ ids: [String],
        caller: Caller,
        now: Int64
    ) async throws -> ReferencedItems {
        guard ids.count <= Self.mostReferences else {
            throw OpenAIError.invalid(
                "Invalid 'input': at most \(Self.mostReferences) items may be references.",
                param: "input"
            )
        }
        var items = ReferencedItems(ids)
        for response in items.responses {
            guard let kept = try await store.response(response, userID: caller.userID, now: now) else { continue }
            try items.take(kept)
        }
        return items
    }

    /// What was asked and answered.
    private static func items(of response: StoredResponse) throws -> [ResponseRequest.Item] {
        let asked = try JSONDocument(parsing: response.input).root
        let answered = try JSONDocument(parsing: response.body).root["output"]
        return (asked.elements.map { $0 } + (answered?.elements.map { $0 } ?? [])).map {
            ResponseRequest.Item(view: $0, path: "previous_response_id")
        }
    }

    /// Whether the answer to a request is kept.
    func keeps(_ asked: ResponseRequest) -> Bool {
        store.isOn && asked.store && asked.items.reduce(0) { $0 + $1.view.range.count } < ResponseStore.largest
    }

    /// Keeps the answer of a request.
    func keeper(of asked: ResponseRequest, id: String, caller: Caller, now: Int64) -> ResponseKeeper {
        { body in
            let response = StoredResponse(
                id: id,
                userID: caller.userID,
                team: caller.teams.first ?? 0,
                previousID: asked.previousID,
                input: String(decoding: asked.inputJSON, as: UTF8.self),
                body: String(decoding: body, as: UTF8.self),
                createdAt: now
            )
            guard response.bytes <= ResponseStore.largest else { return false }
            do {
                try await store.keep(response)
                return true
            } catch {
                // The answer is there; only going on from it is not, and the answer says so.
                logger.warning("response not kept", metadata: ["response": "\(id)", "reason": "\(error)"])
                return false
            }
        }
    }
}
