// `GET /api/v1/opspilot/usage/`: who used what, and what it cost.

import Conversation
import HTTPServer
import HTTPTypes
import Identity
import JSON

/// The books: rows or sums, as pages or as a file.
struct UsageRoutes: Sendable {
    let services: GatewayServices

    var routes: [Route] {
        [
            Route(
                .get,
                "/api/v1/opspilot/usage/",
                access: .permission(.usageView),
                tag: "Usage",
                summary: "Usage and cost: rows, or sums by some keys; also as CSV",
                operation: UsageDescription.list,
                handler: usage
            )
        ]
    }

    @Sendable private func usage(_ request: GatewayRequest) async throws -> Response {
        let query = try UsageQuery(request.query, caller: try request.authenticated())
        let reports = UsageReports(database: services.database)
        guard query.format == .csv else { return .success(try await reports.page(query)) }
        var file = reports.file(query)
        // Before the status, so that a report that cannot be made is an error and not a broken file.
        let first = try await file.next() ?? []
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/csv; charset=utf-8; header=present",
                .contentDisposition: "attachment; filename=\"usage.csv\"", .cacheControl: "no-store",
            ],
            body: ResponseBody { [file] writer in
                var file = file
                try await writer.write(first)
                // What fails from here on ends the connection in the middle of a chunk: no client takes it for the end.
                while let piece = try await file.next() { try await writer.write(piece) }
            }
        )
    }
}
