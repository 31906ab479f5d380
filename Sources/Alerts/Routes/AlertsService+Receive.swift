// The webhook: from the bytes of a body to stored events and the answer, without HTTP.

import Identity
import JSON
import Resources
import Storage

extension AlertsService {
    /// Takes a webhook body (`POST receiver_data/`, `POST source/{source_id}/webhook/`). Answers only when everything that it reports as kept is durable.
    ///
    /// | status | when |
    /// |---|---|
    /// | 200, or the source's `success_status` | at least one event was good; the others are named in `data.errors` |
    /// | 400 | malformed JSON, no events, no good event, a form or `source_id` that is ambiguous |
    /// | 401 | no secret |
    /// | 403 | `Invalid secret` (also for an unknown source), or an inactive source |
    /// | 503 | the store cannot commit, or too much waits; nothing was kept, or the sender cannot know: send again |
    ///
    /// - Parameters:
    ///   - body: as it came; its size is bounded by the caller.
    ///   - secrets: candidates from headers (`SECRET`, `HTTP_SECRET`, Bearer, Basic password).
    ///   - query: decoded parameters; `source_id`, `secret` (or `token`) and `report` are read.
    ///   - sourceID: the source that the path names; body and query must not name another.
    package func receive(
        body: [UInt8],
        secrets: [String],
        query: [(String, String)],
        sourceID: String? = nil
    ) async -> IngestReply {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: body)
        } catch {
            let place = error.path.isEmpty ? "byte \(error.offset)" : "\(error.path), byte \(error.offset)"
            return .failure(400, "Malformed JSON: \(error.message) (\(place))", [FieldError(error.path, error.message)])
        }
        guard document.root.kind == .object || document.root.kind == .array else {
            return .failure(400, "The body must be a JSON object or array")
        }
        do {
            let presented = try PresentedSource(document.root, secrets: secrets, query: query, path: sourceID)
            let isAsked = query.contains { $0.0 == "report" && ($0.1 == "1" || $0.1 == "true") }
            do {
                // A source that changes while its events are on the way is looked up again; twice is enough.
                for _ in 0..<3 {
                    let source = try await source(presented)
                    if let reply = try await ingest(document.root, source, isAsked: isAsked) { return reply }
                    directory.forget()
                }
            } catch let refusal as Refusal where refusal.reply.status == 403 {
                await tell(refusal, presented)
                throw refusal
            }
            return .failure(503, "The alert source is being changed; send again")
        } catch let refusal as Refusal {
            return refusal.reply
        } catch {
            return Self.unavailable(error)
        }
    }

    /// Says in the log that a source which was good once is refused now: somebody's sender has not heard of it.
    private func tell(_ refusal: Refusal, _ presented: PresentedSource) async {
        guard let source = refusal.source ?? directory.news.owner(of: presented.secrets) else { return }
        guard directory.news.isDue(source.id, now: clock.now()) else { return }
        let exists = try? await database.read { connection in
            try connection.query("SELECT id FROM alert_source WHERE id = $1", [.integer(source.id)]).isEmpty == false
        }
        let reason =
            if exists == false {
                "was deleted"
            } else {
                refusal.source == nil ? "has another secret now" : "is not active"
            }
        let name = source.name.harmless(limit: 200)
        warn(
            "events refused: the alert source \"\(name)\" (\(source.sourceID), \(source.id)) \(reason), "
                + "and its sender goes on"
        )
    }

    /// The active source that the presented secret belongs to. A refusal out of memory is looked up again first.
    private func source(_ presented: PresentedSource) async throws -> AlertSource {
        let found = try await candidates(presented)
        do throws(Refusal) {
            return try judged(found.sources, presented)
        } catch {
            guard found.isRemembered else { throw error }
        }
        directory.forget()
        return try judged(try await candidates(presented).sources, presented)
    }

    private func candidates(_ presented: PresentedSource) async throws -> SourceDirectory.Found {
        if let name = presented.sourceID { return try await directory.source(named: name) }
        return try await directory.sources(withSecret: presented.secrets)
    }

    private func judged(
        _ candidates: [AlertSource],
        _ presented: PresentedSource
    ) throws(Refusal) -> AlertSource {
        let now = clock.now()
        let accepting = candidates.filter { $0.accepts(presented.secrets, now: now) }
        guard let source = accepting.first else { throw Refusal(.failure(403, "Invalid secret")) }
        guard accepting.count == 1 else {
            let error = FieldError("source_id", "is needed: several sources have this secret")
            throw Refusal(.failure(400, "source_id: \(error.message)", [error]))
        }
        guard source.isActive else { throw Refusal(.failure(403, "The alert source is not active"), source: source) }
        return source
    }

    /// Reads and stores the events of a body. Nil when the source changed meanwhile.
    ///
    /// - Parameter isAsked: whether the report is wanted event by event, however many there are.
    func ingest(_ body: JSONView, _ source: AlertSource, isAsked: Bool = false) async throws -> IngestReply? {
        let receivedAt = clock.now()
        let adapter: any EventAdapter
        let adapted: AdaptedBody
        do throws(BodyFault) {
            adapter = try AdapterChoice.adapter(for: body, sourceType: source.sourceType, mapping: source.mapping)
            adapted = try adapter.read(
                body,
                AdapterContext(receivedAt: receivedAt, zone: source.zone, levels: source.levels)
            )
        } catch {
            throw Refusal(.failure(400, error.message, [FieldError(error.field, error.message)]))
        }
        if adapted.events.isEmpty, adapted.gap == nil, adapted.ignored.isEmpty {
            let errors = adapted.problems.prefix(IngestReport.maximumErrors).map { problem in
                FieldError(
                    "events[\(problem.index)]\(problem.field.isEmpty ? "" : ".\(problem.field)")",
                    problem.message
                )
            }
            throw Refusal(.failure(400, "No valid event", errors))
        }
        // Also when nothing is to be kept: the transaction knows whether the source is still what we remember.
        let delivery = Delivery(source: source, events: adapted.events, gap: adapted.gap, receivedAt: receivedAt)
        guard case .kept(let counts) = try await queue.ingest(delivery) else { return nil }
        return IngestReply(
            status: source.successStatus,
            body: Envelope.success(
                IngestReport(adapter: adapter.name, adapted: adapted, counts: counts).json(isAsked: isAsked)
            ),
            sourceID: source.sourceID,
            received: adapted.received
        )
    }

    /// 503 whatever the store said: it is what makes senders try again (`ops.md` section 2.3).
    private static func unavailable(_ error: any Error) -> IngestReply {
        let isOverloaded = (error as? DatabaseError)?.kind == .overloaded
        return .failure(
            503,
            isOverloaded ? "Too many events are waiting; send again later" : "The store is not available; send again"
        )
    }
}
