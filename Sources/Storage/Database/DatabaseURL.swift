// From OPSGATE_DATABASE_URL to an open database.

/// What a database's address says. `sqlite:///relative/path`, `sqlite:////absolute/path`, or
/// `postgres://user:password@host:port/name` with libpq's options; after `?` also the options of `DatabaseOptions`.
package enum DatabaseURL {
    /// Opens the database; throws `.statement` for an address that cannot be read and `.unavailable` for a store that
    /// cannot be reached. No message holds the password.
    package static func open(_ url: String, options: DatabaseOptions = .init()) async throws -> any Database {
        let parts = try Parts(url)
        let (options, rest) = try applied(parts.query, to: options, of: parts.scheme)
        switch parts.scheme {
        case .sqlite:
            return try await SQLiteDatabase.open(path: parts.path, options: options)
        case .postgresql:
            let settings = try PostgreSQLSettings(url: parts.base, query: rest)
            return try await PostgreSQLDatabase.open(settings, options: options)
        }
    }

    /// The address without password and options, for people to read.
    package static func redacted(_ url: String) -> String {
        let base = url.prefix { $0 != "?" }
        guard let start = base.firstRange(of: "://")?.upperBound else { return "(not a URL)" }
        guard let at = base[start...].lastIndex(of: "@") else { return String(base) }
        let user = base[start..<at].prefix { $0 != ":" }
        let secret = user.endIndex == at ? "" : ":***"
        return "\(base[..<start])\(user)\(secret)\(base[at...])"
    }

    /// The options in the URL that are ours, and the others.
    private static func applied(
        _ query: [(name: String, value: String)],
        to options: DatabaseOptions,
        of scheme: SQLDialect
    ) throws(DatabaseError) -> (DatabaseOptions, [(name: String, value: String)]) {
        var options = options
        var rest: [(name: String, value: String)] = []
        for item in query {
            switch (scheme, item.name) {
            case (.sqlite, "readers"): options.readers = try number(item, 1...64)
            case (.sqlite, "busy_timeout"): options.busyTimeout = .milliseconds(try number(item, 0...600_000))
            case (.postgresql, "connections"): options.connections = try number(item, 1...200)
            case (_, "statement_timeout"): options.statementTimeout = .milliseconds(try number(item, 1...86_400_000))
            case (.sqlite, _): throw DatabaseError(.statement, "database URL: unknown option \(item.name)")
            case (.postgresql, _): rest.append(item)
            }
        }
        return (options, rest)
    }

    private static func number(
        _ item: (name: String, value: String),
        _ range: ClosedRange<Int>
    ) throws(DatabaseError) -> Int {
        guard let number = Int(item.value), range.contains(number) else {
            throw DatabaseError(
                .statement,
                "database URL: \(item.name) must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A URL taken apart as far as both kinds need it.
    private struct Parts {
        var scheme: SQLDialect
        /// The file, percent-decoded (SQLite only).
        var path = ""
        /// Everything before `?`.
        var base: String
        var query: [(name: String, value: String)] = []

        init(_ url: String) throws(DatabaseError) {
            let pieces = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            base = pieces.first.map(String.init) ?? ""
            if base.hasPrefix("sqlite:///") {
                scheme = .sqlite
                guard let path = Self.decoded(base.dropFirst("sqlite:///".count)), !path.isEmpty, path != ":memory:",
                    !path.utf8.contains(0)
                else {
                    throw DatabaseError(.statement, "database URL: sqlite:/// needs the path of a file")
                }
                self.path = path
            } else if base.hasPrefix("postgres://") || base.hasPrefix("postgresql://") {
                scheme = .postgresql
            } else {
                throw DatabaseError(
                    .statement,
                    "database URL: it must begin with sqlite:/// or postgres:// (four slashes: an absolute path)"
                )
            }
            for pair in pieces.dropFirst().joined().split(separator: "&") {
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2, let name = Self.decoded(sides[0]), let value = Self.decoded(sides[1]) else {
                    throw DatabaseError(.statement, "database URL: options are written name=value, joined by &")
                }
                query.append((name, value))
            }
        }

        /// Percent-decoding (RFC 3986, 2.1); `nil` when it is malformed or not UTF-8.
        static func decoded(_ text: some StringProtocol) -> String? {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    bytes.append(byte)
                    continue
                }
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            }
            return String(validating: bytes, as: UTF8.self)
        }
    }
}
