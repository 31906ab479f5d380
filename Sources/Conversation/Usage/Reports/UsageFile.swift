// The books as a file, piece by piece, so that no report is too large for the memory.

import JSON
import Storage

/// CSV with a header row: rows by age, sums by their keys. Rows that are written meanwhile are left out.
package struct UsageFile: Sendable {
    private enum State: Sendable {
        case fresh
        case rows(after: Int64, upTo: Int64)
        /// Sums that are not in the file yet.
        case sums(ArraySlice<JSONObject>)
        case over
    }

    private let query: UsageQuery
    private let reports: UsageReports
    private var state = State.fresh
    /// Rows that are read at once.
    private static let chunk = 1_000

    init(_ query: UsageQuery, _ reports: UsageReports) {
        self.query = query
        self.reports = reports
    }

    /// The next piece; nil after the last. It is written on the common threads, whoever asks: a connection's loop has
    /// others to serve.
    package mutating func next() async throws -> [UInt8]? {
        let (piece, state) = try await withTaskExecutorPreference(globalConcurrentExecutor) { [self] in
            var file = self
            let piece = try await file.write()
            return (piece, file.state)
        }
        self.state = state
        return piece
    }

    private mutating func write() async throws -> [UInt8]? {
        switch state {
        case .fresh:
            guard query.groups.isEmpty else {
                state = .sums(try await reports.allSums(query)[...])
                return CSVText.line(sumColumns)
            }
            state = .rows(after: 0, upTo: try await reports.lastID())
            return CSVText.line(UsageForm.rowColumns)
        case .rows(let after, let last):
            let rows = try await reports.rows(query, after: after, upTo: last, count: Self.chunk)
            guard let end = rows.last else {
                state = .over
                return nil
            }
            state = .rows(after: try end.int("id"), upTo: last)
            return try rows.flatMap { CSVText.line(try UsageForm.row($0), UsageForm.rowColumns) }
        case .sums(let sums):
            guard !sums.isEmpty else {
                state = .over
                return nil
            }
            state = .sums(sums.dropFirst(Self.chunk))
            return sums.prefix(Self.chunk).flatMap { CSVText.line($0, sumColumns) }
        case .over: return nil
        }
    }

    private var sumColumns: [String] { query.groups.map(\.rawValue) + UsageForm.sumColumns }
}
