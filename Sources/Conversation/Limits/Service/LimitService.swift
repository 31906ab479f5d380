// Limits without HTTP: the resource, and what is used of them now.

package import Identity
package import JSON
package import Resources
package import Storage

/// What administrators do with limits. One for a process.
package struct LimitService: Sendable {
    /// `limit`, with all verbs. After a write, `changed` puts it in force.
    package let resource: ResourceService
    private let limits: Limits
    private let currency: @Sendable () -> String

    /// - Parameter catalog: the program's.
    package init(
        limits: Limits,
        subjects: LimitResource.Subjects,
        database: any Database,
        catalog: ResourceCatalog,
        currency: @escaping @Sendable () -> String,
        audit: ChangeRecorder? = nil
    ) throws(ResourceDeclarationError) {
        resource = try ResourceService(
            LimitResource.resource(subjects),
            catalog: catalog,
            database: database,
            audit: audit
        )
        self.limits = limits
        self.currency = currency
    }

    /// Puts what was written in force on this node. Others see it within a few seconds; so does this one if it fails now.
    package func changed() async { try? await limits.reload() }

    /// What is used now of each limit.
    ///
    /// - Parameter query: `scope`, `subject`, `page`, `page_size`.
    /// - Throws: `ResourceError` 400 naming the parameter, 403 for callers who may not.
    package func status(query: [(String, String)], caller: Caller) async throws -> JSONValue {
        try resource.authorize(.list, caller)
        let query = try StatusQuery(query)
        let book = limits.book
        var scopes = Set(book.entries.map(\.scope).filter { $0.subject != LimitBook.everyone })
        // Those that `*` holds for and that have been counted.
        for scope in try await limits.limiter.knownScopes() where book.limits(of: scope) != nil { scopes.insert(scope) }
        let chosen = scopes.filter(query.takes).sorted()
        let page = Array(chosen.dropFirst((query.page - 1) * query.size).prefix(query.size))
        let readings = try await limits.limiter.readings(of: page)
        let currency = currency()
        return [
            "count": .integer(chosen.count), "page": .integer(query.page), "page_size": .integer(query.size),
            "results": .array(
                page.map { scope in
                    Self.json(scope, book.limits(of: scope) ?? LimitSet(), readings[scope] ?? LimitReading(), currency)
                }
            ),
        ]
    }

    private static func json(
        _ scope: LimitScope,
        _ limits: LimitSet,
        _ reading: LimitReading,
        _ currency: String
    ) -> JSONValue {
        func count(_ limit: Int?, _ used: Int) -> JSONObject {
            [
                "limit": limit.map { .integer($0) } ?? .null, "used": .integer(used),
                "remaining": limit.map { .integer(max(0, $0 - used)) } ?? .null,
            ]
        }
        func window(_ limit: Int?, _ used: Int, _ reset: Int64) -> JSONValue {
            var object = count(limit, used)
            object["reset_ms"] = .integer(reset)
            return .object(object)
        }
        func money(_ limit: Int64?, _ used: Int64) -> JSONValue {
            func decimal(_ micros: Int64) -> JSONValue { .double(Double(micros) / 1_000_000) }
            return [
                "limit": limit.map(decimal) ?? .null, "used": decimal(used),
                "remaining": limit.map { decimal(max(0, $0 - used)) } ?? .null,
            ]
        }
        return [
            "scope": .string(scope.kind.rawValue), "subject": .string(scope.subject),
            "requests": window(limits.requestsPerMinute, reading.requests, reading.requestsReset),
            "tokens": window(limits.tokensPerMinute, reading.tokens, reading.tokensReset),
            "concurrent": .object(count(limits.concurrent, reading.running)),
            "budget_day": money(limits.budgetDay, reading.day),
            "budget_month": money(limits.budgetMonth, reading.month), "currency": .string(currency),
        ]
    }
}

/// The parameters of the status.
private struct StatusQuery {
    var kinds: Set<LimitScope.Kind> = []
    var subjects: Set<String> = []
    var page = 1
    var size = 100

    init(_ query: [(String, String)]) throws(ResourceError) {
        var seen: Set<String> = []
        for (name, value) in query {
            guard seen.insert(name).inserted else { throw .invalid(name, "is given twice") }
            switch name {
            case "scope":
                for word in value.split(separator: ",") {
                    guard let kind = LimitScope.Kind(rawValue: String(word)) else {
                        let known = LimitScope.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                        throw .invalid("scope", "must be of \(known)")
                    }
                    kinds.insert(kind)
                }
            case "subject": subjects.formUnion(value.split(separator: ",").map(String.init))
            case "page": page = try Self.number(name, value, 1...1_000_000)
            case "page_size": size = try Self.number(name, value, 1...1000)
            default: throw .invalid(name, "is not a parameter; there are scope, subject, page, page_size")
            }
        }
    }

    private static func number(_ name: String, _ text: String, _ range: ClosedRange<Int>) throws(ResourceError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw .invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func takes(_ scope: LimitScope) -> Bool {
        (kinds.isEmpty || kinds.contains(scope.kind)) && (subjects.isEmpty || subjects.contains(scope.subject))
    }
}
