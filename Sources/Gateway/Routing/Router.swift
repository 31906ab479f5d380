// From a method and a path to a route: most by one look into a table.

import HTTPServer
import HTTPTypes

/// Finds routes. A trailing slash is as good as none. Where several patterns fit, the one with words where others have
/// parameters goes first.
struct Router: Sendable {
    /// What a path leads to.
    enum Match: Sendable {
        case route(Int, PathParameters)
        /// The path is served, but not with this method: by these routes.
        case otherMethods([Int])
        case nothing
    }

    private enum Part: Sendable, Hashable {
        case word(String)
        case parameter(String)
        /// All that follows, once at least.
        case rest

        var rank: Int {
            switch self {
            case .word: 0
            case .parameter: 1
            case .rest: 2
            }
        }
    }

    private struct Pattern: Sendable {
        let method: HTTPRequest.Method
        let parts: [Part]
        let route: Int
    }

    private var fixed: [String: [(method: HTTPRequest.Method, route: Int)]] = [:]
    private var patterns: [Pattern] = []

    init(_ routes: [Route]) {
        for (index, route) in routes.enumerated() {
            let parts = route.path.split(separator: "/").map { part -> Part in
                if part == "**" { return .rest }
                return part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .word(String(part))
            }
            if parts.allSatisfy({ $0.rank == 0 }) {
                fixed[Self.key(route.path), default: []].append((route.method, index))
            } else {
                patterns.append(Pattern(method: route.method, parts: parts, route: index))
            }
        }
        patterns.sort { $0.parts.map(\.rank).lexicographicallyPrecedes($1.parts.map(\.rank)) }
    }

    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let known = fixed[Self.key(path)] ?? []
        if let found = known.first(where: { $0.method == method }) { return .route(found.route, PathParameters()) }
        var others = known.map(\.route)
        let parts = path.split(separator: "/")
        for pattern in patterns {
            guard let parameters = Self.parameters(pattern.parts, parts) else { continue }
            if pattern.method == method { return .route(pattern.route, parameters) }
            others.append(pattern.route)
        }
        return others.isEmpty ? .nothing : .otherMethods(others)
    }

    private static func key(_ path: String) -> String {
        path.utf8.last == 0x2F ? String(path.dropLast()) : path
    }

    private static func parameters(_ pattern: [Part], _ parts: [Substring]) -> PathParameters? {
        guard pattern.last == .rest ? parts.count >= pattern.count : parts.count == pattern.count else { return nil }
        var found = PathParameters()
        for (index, part) in pattern.enumerated() {
            switch part {
            case .word(let word): if word != parts[index] { return nil }
            case .parameter(let name): found.values.append((name, String(parts[index]).removingPercentEncoding()))
            case .rest: found.rest = parts[index...].map { String($0).removingPercentEncoding() }
            }
        }
        return found
    }
}

/// What a path says where its pattern has parameters; decoded.
struct PathParameters: Sendable {
    fileprivate(set) var values: [(name: String, value: String)] = []
    /// The parts that `**` stands for.
    fileprivate(set) var rest: [String] = []

    subscript(_ name: String) -> String? {
        values.first { $0.name == name }?.value
    }
}
