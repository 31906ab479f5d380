// A prepared statement: parameters in, rows out.

import CSQLite

/// Owns a `sqlite3_stmt`. Used by the thread of its connection only.
final class SQLiteStatement {
    private let pointer: OpaquePointer
    /// For each of SQLite's slots, in order, the number of the parameter that belongs there: `$7` first gets slot 1.
    private let numbers: [Int]
    private let parameterCount: Int
    private var columns: SQLColumns?
    private var repreparations: Int32 = 0

    /// Prepares `sql`; throws also when it is more than one statement or its parameters are not `$1` … `$n`.
    init(_ sql: String, on handle: OpaquePointer, isReader: Bool) throws(DatabaseError) {
        var sql = sql
        var statement: OpaquePointer?
        var rest = 0
        let result = sql.withUTF8 { utf8 -> Int32 in
            utf8.withMemoryRebound(to: CChar.self) { text -> Int32 in
                var tail: UnsafePointer<CChar>?
                let result = sqlite3_prepare_v3(
                    handle,
                    text.baseAddress,
                    Int32(clamping: text.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT),
                    &statement,
                    &tail
                )
                if let tail, let start = text.baseAddress { rest = text.count - (tail - start) }
                return result
            }
        }
        guard result == SQLITE_OK else { throw SQLiteErrors.error(handle, result, isReader: isReader) }
        guard let statement else { throw DatabaseError(.statement, "the statement is empty") }
        let bytes = Array(sql.utf8)
        guard StatementText.skipBlank(bytes, from: bytes.count - rest) == bytes.count else {
            sqlite3_finalize(statement)
            throw DatabaseError(.statement, "more than one statement in a call")
        }
        var numbers: [Int] = []
        for slot in 0..<sqlite3_bind_parameter_count(statement) {
            let name = sqlite3_bind_parameter_name(statement, slot + 1).map { String(cString: $0) } ?? "?"
            guard name.hasPrefix("$"), let number = Int(name.dropFirst()), number > 0 else {
                sqlite3_finalize(statement)
                throw DatabaseError(.statement, "parameters are written $1, $2 …, not \(name)")
            }
            numbers.append(number)
        }
        self.pointer = statement
        self.numbers = numbers
        self.parameterCount = numbers.max() ?? 0
        guard Set(numbers).count == parameterCount else {
            throw DatabaseError(.statement, "a parameter between $1 and $\(parameterCount) is missing")
        }
    }

    deinit { sqlite3_finalize(pointer) }

    /// Runs it to the end. `isWanted` false: the rows are not built.
    func run(
        _ parameters: [SQLValue],
        on handle: OpaquePointer,
        isReader: Bool,
        collectingRows isWanted: Bool
    ) throws(DatabaseError) -> [SQLRow] {
        guard parameters.count == parameterCount else {
            throw DatabaseError(
                .statement,
                "the statement has \(parameterCount) parameters, but \(parameters.count) were given"
            )
        }
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
        }
        for (index, number) in numbers.enumerated() {
            let result = bind(parameters[number - 1], slot: Int32(index + 1))
            guard result == SQLITE_OK else { throw SQLiteErrors.error(handle, result, isReader: isReader) }
        }
        var rows: [SQLRow] = []
        while true {
            let result = sqlite3_step(pointer)
            if result == SQLITE_DONE { return rows }
            guard result == SQLITE_ROW else { throw SQLiteErrors.error(handle, result, isReader: isReader) }
            guard isWanted else { continue }
            let columns = currentColumns()
            rows.append(SQLRow(columns, columns.names.indices.map { value(Int32($0)) }))
        }
    }

    private func bind(_ value: SQLValue, slot: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, slot)
        case .integer(let number): return sqlite3_bind_int64(pointer, slot, number)
        case .boolean(let flag): return sqlite3_bind_int64(pointer, slot, flag ? 1 : 0)
        case .real(let number): return sqlite3_bind_double(pointer, slot, number)
        case .text(let text):
            var text = text.storable
            return text.withUTF8 { utf8 in
                // Without an address it would be NULL and not the empty text.
                guard let start = utf8.baseAddress, utf8.count > 0 else {
                    return opsgate_sqlite3_bind_text(pointer, slot, "", 0)
                }
                return start.withMemoryRebound(to: CChar.self, capacity: utf8.count) { bytes in
                    opsgate_sqlite3_bind_text(pointer, slot, bytes, UInt64(utf8.count))
                }
            }
        case .blob(let bytes):
            if bytes.isEmpty { return sqlite3_bind_zeroblob(pointer, slot, 0) }
            return bytes.withUnsafeBytes { raw in
                opsgate_sqlite3_bind_blob(pointer, slot, raw.baseAddress, UInt64(raw.count))
            }
        }
    }

    /// The names of the columns, read again only when SQLite had to prepare the statement anew (the schema changed).
    private func currentColumns() -> SQLColumns {
        let repreparations = sqlite3_stmt_status(pointer, SQLITE_STMTSTATUS_REPREPARE, 0)
        if let columns, repreparations == self.repreparations { return columns }
        let names = (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
        }
        let columns = SQLColumns(names)
        self.columns = columns
        self.repreparations = repreparations
        return columns
    }

    private func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(pointer, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(pointer, column))
        case SQLITE_TEXT:
            guard let bytes = sqlite3_column_text(pointer, column) else { return .text("") }
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let bytes = sqlite3_column_blob(pointer, column) else { return .blob([]) }
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }
}
