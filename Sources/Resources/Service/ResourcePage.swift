// One page of a list.

package import JSON

/// A page as every list answers it.
package struct ResourcePage: Sendable {
    /// Rows on all pages.
    package var count: Int64
    package var page: Int
    package var pageSize: Int
    package var results: [JSONObject]

    package init(count: Int64, page: Int, pageSize: Int, results: [JSONObject]) {
        self.count = count
        self.page = page
        self.pageSize = pageSize
        self.results = results
    }

    /// `{"count":n,"page":1,"page_size":20,"results":[…]}`: the envelope's data.
    package var json: JSONValue {
        [
            "count": .integer(count), "page": .integer(Int64(page)), "page_size": .integer(Int64(pageSize)),
            "results": .array(results.map { .object($0) }),
        ]
    }
}
