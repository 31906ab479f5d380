// What usage can be summed by.

import JSON
import Resources
import Storage

/// A key of groups.
package enum UsageGroup: String, Sendable, Hashable, CaseIterable {
    case day
    case model
    case bot
    case secret
    case user
    case provider
    case route
    case surface
    case outcome
    case errorType = "error_type"

    /// The column of the inner query (`UsageReports.sums`).
    var column: String {
        switch self {
        case .day: "day_number"
        case .model: "model"
        case .bot: "bot_id"
        case .secret: "secret_id"
        case .user: "username"
        case .provider: "provider"
        case .route: "route"
        case .surface: "surface"
        case .outcome: "outcome"
        case .errorType: "error_type"
        }
    }

    private var isNumber: Bool { self == .day || self == .secret }

    /// The same order in every engine: what is missing first, texts by their bytes.
    func ordering(_ dialect: SQLDialect) -> String {
        isNumber ? "COALESCE(\(column), 0)" : dialect.byteOrder("COALESCE(\(column), '')")
    }

    func value(_ row: SQLRow) throws -> JSONValue {
        switch self {
        case .day: .string(Self.day(try row.int(column)))
        case .secret: try row.optionalInt(column).map(JSONValue.integer) ?? .null
        default: try row.optionalText(column).map(JSONValue.string) ?? .null
        }
    }

    /// `2026-03-29`.
    static func day(_ number: Int64) -> String {
        String(Timestamp(milliseconds: number * 86_400_000).text.prefix(10))
    }
}
