// Where and how to connect to PostgreSQL, in libpq's keywords; keeps the password out of every text.

import CPostgreSQL

/// libpq's connection parameters (PostgreSQL 15 documentation, 34.1.2).
struct PostgreSQLSettings: Sendable, CustomStringConvertible, CustomReflectable {
    /// Keyword and value, defaults of ours included.
    let parameters: [(keyword: String, value: String)]
    private let password: String?

    /// `url` without its query; `query` has libpq's keywords only.
    init(url: String, query: [(name: String, value: String)]) throws(DatabaseError) {
        var values: [String: String] = [
            "application_name": "opsgate",
            "connect_timeout": "5",
            // A peer that vanished without a word is noticed within about half a minute.
            "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": "30000",
        ]
        for (keyword, value) in try Self.parsed(url) { values[keyword] = value }
        let known = Self.knownKeywords()
        for (name, value) in query {
            guard known.contains(name) else { throw DatabaseError(.statement, "database URL: unknown option \(name)") }
            values[name] = value
        }
        let ports = (values["port"] ?? "").split(separator: ",")
        guard ports.allSatisfy({ UInt16($0) != nil }) else {
            throw DatabaseError(.statement, "database URL: the port must be a number up to 65535")
        }
        values["client_encoding"] = "UTF8"
        password = values["password"]
        parameters = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// A text of libpq or of the server without line ends, and without the password should it occur.
    func cleaned(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces() }.joined(separator: " ")
        guard let password, !password.isEmpty else { return line }
        return line.split(separator: password, omittingEmptySubsequences: false).joined(separator: "***")
    }

    var description: String {
        parameters.filter { !["password", "sslpassword", "passfile"].contains($0.keyword) }
            .map { "\($0.keyword)=\($0.value)" }.joined(separator: " ")
    }

    var customMirror: Mirror { Mirror(self, children: ["parameters": description]) }

    private static func parsed(_ url: String) throws(DatabaseError) -> [(String, String)] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            PQfreemem(message)  // not shown: it may quote a part of the URL, and so of the password
            throw DatabaseError(
                .statement,
                "database URL: not of the form postgres://user:password@host:port/name "
                    + "(special characters in the password must be percent-encoded)"
            )
        }
        defer { PQconninfoFree(options) }
        return keywords(options).compactMap { keyword, value in value.map { (keyword, $0) } }
    }

    private static func knownKeywords() -> Set<String> {
        guard let options = PQconndefaults() else { return [] }
        defer { PQconninfoFree(options) }
        return Set(keywords(options).map(\.0))
    }

    private static func keywords(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [(String, String?)] {
        var found: [(String, String?)] = []
        var option = options
        while let keyword = option.pointee.keyword {
            found.append((String(cString: keyword), option.pointee.val.map { String(cString: $0) }))
            option += 1
        }
        return found
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
