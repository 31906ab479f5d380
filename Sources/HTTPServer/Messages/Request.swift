// A request as a responder sees it.

package import HTTPTypes

/// One request. Its body may still be on its way.
package struct Request: Sendable {
    package let method: HTTPRequest.Method
    /// The target without its query, as it came: percent-encoded.
    package let path: String
    /// What stands after the `?`, as it came.
    package let query: String?
    package let headers: RequestHeaders
    package let body: RequestBody
    /// What the request came on.
    package let connection: Connection
    /// Which of the connection's requests it is; for `Connection.cancelAnswer`.
    package let number: Int

    package init(
        method: HTTPRequest.Method,
        target: String,
        headers: RequestHeaders,
        body: RequestBody,
        connection: Connection,
        number: Int = 0
    ) {
        self.method = method
        self.headers = headers
        self.body = body
        self.connection = connection
        self.number = number
        let parts = RequestTarget(target)
        path = parts.path
        query = parts.query
    }

    /// The query's members in order, decoded; a member without `=` has an empty value.
    package var queryItems: [(name: String, value: String)] {
        guard let query else { return [] }
        return query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? String(parts[1]) : ""
            return (
                String(parts[0]).removingPercentEncoding(plusIsSpace: true),
                value.removingPercentEncoding(plusIsSpace: true)
            )
        }
    }
}

/// A request target in its parts (RFC 9112 section 3.2): origin form, or absolute form as proxies send it.
struct RequestTarget {
    let path: String
    let query: String?

    init(_ target: String) {
        // What nearly all are: nothing but a path.
        if target.utf8.first == ASCII.slash, !target.utf8.contains(where: { $0 == 0x3F || $0 == 0x23 }) {
            path = target
            query = nil
            return
        }
        var rest = target[...]
        if !rest.hasPrefix("/"), let colon = rest.utf8.firstIndex(of: ASCII.colon),
            let host = rest.utf8.index(colon, offsetBy: 3, limitedBy: rest.endIndex)
        {
            rest = rest[host...]
            rest = rest.firstIndex(where: { $0 == "/" || $0 == "?" }).map { rest[$0...] } ?? "/"
        }
        // A fragment is the client's own business and should not have been sent.
        if let fragment = rest.utf8.firstIndex(of: 0x23) { rest = rest[..<fragment] }
        if let mark = rest.utf8.firstIndex(of: 0x3F) {
            path = mark == rest.startIndex ? "/" : String(rest[..<mark])
            query = String(rest[rest.utf8.index(after: mark)...])
        } else {
            path = String(rest)
            query = nil
        }
    }
}
