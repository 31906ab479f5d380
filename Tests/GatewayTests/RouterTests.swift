// Which route a path leads to.

import HTTPTypes
import Testing

@testable import Gateway

@Suite struct RouterTests {
    private static let paths: [(HTTPRequest.Method, String)] = [
        (.get, "/v1/models"), (.get, "/v1/models/**"), (.get, "/a/{id}/"), (.post, "/a/preview/"),
        (.delete, "/a/{id}/"),
        (.get, "/a/{id}/b/{name}/"),
    ]

    /// The pattern found with what the path says, or the patterns that have other methods.
    private func found(_ method: HTTPRequest.Method, _ path: String) -> String {
        let routes = Self.paths.map { method, path in
            Route(method, path, access: .anybody, tag: "", summary: "", handler: { _ in throw CancellationError() })
        }
        switch Router(routes).match(method, path) {
        case .route(let index, let parameters):
            let values = parameters.values.map { "\($0.name)=\($0.value)" } + parameters.rest
            return ([routes[index].path] + values).joined(separator: " ")
        case .otherMethods(let indices):
            return "not " + indices.map { routes[$0].method.rawValue }.sorted().joined(separator: ",")
        case .nothing: return "nothing"
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/v1/models", "/v1/models"), (.get, "/v1/models/", "/v1/models"),
        (.get, "/v1/models/up/m%2F1", "/v1/models/** up m/1"), (.get, "/a/7", "/a/{id}/ id=7"),
        (.get, "/a/%E4%BD%A0/", "/a/{id}/ id=你"), (.post, "/a/preview", "/a/preview/"),
        (.get, "/a/preview/", "/a/{id}/ id=preview"), (.get, "/a/7/b/x%2Fy", "/a/{id}/b/{name}/ id=7 name=x/y"),
        (.put, "/a/7/", "not DELETE,GET"), (.put, "/v1/models", "not GET"), (.get, "/a", "nothing"),
        (.get, "/", "nothing"),
        (.get, "/a/7/c", "nothing"),
    ])
    func aPathLeadsToTheMostLiteralRoute(_ method: HTTPRequest.Method, _ path: String, _ expected: String) {
        #expect(found(method, path) == expected)
    }
}
