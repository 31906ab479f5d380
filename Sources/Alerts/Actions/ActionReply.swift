// What an action on several alerts or incidents answers: a result for each, and a status for all.

package import JSON

/// What became of one alert or incident.
package struct ActionItem: Sendable {
    package var id: Int64
    /// The state after the action, as JSON; or why nothing was done.
    package var outcome: Result<JSONObject, ActionRefusal>

    package var isDone: Bool {
        if case .success = outcome { true } else { false }
    }

    /// bk-lite's form: `{"result":true,"message":"…","data":{…}}`. A failure's data names its kind in `code`.
    func json(done participle: String) -> JSONValue {
        switch outcome {
        case .success(let data):
            ["result": true, "message": .string(participle), "data": .object(data)]
        case .failure(let refusal):
            [
                "result": false, "message": .string(refusal.message),
                "data": ["code": .string(refusal.kind.rawValue)],
            ]
        }
    }
}

/// The answer to an action: 200 when it was done to at least one, 409 when to none; the failures are named in both.
package struct ActionReply: Sendable {
    /// The HTTP status.
    package let status: Int
    /// `{"code":0,"message":"2 of 3 alerts closed; …","data":{"17":{"result":true,"message","data"},…}}`; with 409 the
    /// code is 409 and `errors` has an entry for each.
    package let body: JSONValue
    /// In the order of the request.
    package let items: [ActionItem]

    /// - Parameters:
    ///   - noun: `alert` or `incident`; also the stem of the field that errors name (`alert_id`).
    ///   - participle: `closed`.
    init(_ items: [ActionItem], noun: String, participle: String) {
        self.items = items
        var data: JSONObject = [:]
        for item in items { data[String(item.id)] = item.json(done: participle) }
        let failed = items.filter { !$0.isDone }
        let done = items.count - failed.count
        let nouns = items.count == 1 ? noun : "\(noun)s"
        if done > 0 {
            status = 200
            var message = "\(done) of \(items.count) \(nouns) \(participle)"
            if !failed.isEmpty {
                let named = failed.prefix(10).map { String($0.id) }.joined(separator: ", ")
                message += "; not \(participle): \(named)\(failed.count > 10 ? " …" : "")"
            }
            body = ["code": 0, "message": .string(message), "data": .object(data)]
            return
        }
        status = 409
        let errors = failed.map { item -> JSONValue in
            var message = ""
            if case .failure(let refusal) = item.outcome { message = refusal.message }
            return ["field": .string("\(noun)_id"), "message": .string("\(item.id): \(message)")]
        }
        body = [
            "code": 409, "message": .string("0 of \(items.count) \(nouns) \(participle)"), "data": .object(data),
            "errors": .array(errors),
        ]
    }
}
