// Values on their way to PostgreSQL and back.

import CPostgreSQL

/// The parameters of one statement, laid out as libpq wants them.
struct PostgreSQLParameters {
    /// The type of each parameter, by its value.
    let types: [Oid]
    private var bytes: [UInt8] = []
    /// Where each value begins in `bytes`; `nil` for NULL.
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ values: [SQLValue]) {
        types = values.map(Self.type)
        for value in values {
            let start = bytes.count
            var isBinary = false
            switch value {
            case .null: break
            case .integer(let number): bytes += String(number).utf8
            case .boolean(let flag): bytes.append(flag ? UInt8(ascii: "1") : UInt8(ascii: "0"))
            case .real(let number): bytes += Self.text(number).utf8
            case .text(let text): bytes += text.storable.utf8
            case .blob(let blob):
                bytes += blob
                isBinary = true
            }
            offsets.append(value.isNull ? nil : start)
            lengths.append(Int32(clamping: bytes.count - start))
            formats.append(isBinary ? 1 : 0)
            bytes.append(0)
        }
    }

    /// Calls `body` with count, values, lengths and formats.
    func withPointers<T>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> T
    ) -> T {
        bytes.withUnsafeBytes { raw in
            let pointers = offsets.map { offset in
                offset.flatMap { raw.baseAddress?.advanced(by: $0).assumingMemoryBound(to: CChar.self) }
            }
            return body(Int32(offsets.count), pointers, lengths, formats)
        }
    }

    /// The types are told and not left to the server, which would reckon `$1 - 1000` in 32 bits and refuse
    /// `$1 IS NULL`. Booleans go to integer columns. NULL is not used: `PostgreSQLText` has written it out.
    private static func type(_ value: SQLValue) -> Oid {
        switch value {
        case .integer, .boolean: PostgreSQLType.int8
        case .real: PostgreSQLType.float8
        case .blob: PostgreSQLType.bytea
        case .text: PostgreSQLType.text
        case .null: PostgreSQLType.unknown
        }
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return String(number)
    }
}

/// Types by their fixed numbers (PostgreSQL's `pg_type.dat`).
enum PostgreSQLType {
    static let boolean: Oid = 16
    static let bytea: Oid = 17
    static let int8: Oid = 20
    static let int2: Oid = 21
    static let int4: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let float4: Oid = 700
    static let float8: Oid = 701
    static let unknown: Oid = 705
    static let numeric: Oid = 1700

    /// A column's value in text form as what SQLite would give: booleans as 0 and 1, sums (numeric) as integers where
    /// they have no fraction; what is neither number nor bytes as text.
    static func value(_ type: Oid, _ bytes: UnsafeBufferPointer<UInt8>) -> SQLValue {
        switch type {
        case boolean:
            return .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
        case int8, int2, int4, oid:
            return integer(bytes).map(SQLValue.integer) ?? .text(String(decoding: bytes, as: UTF8.self))
        case float4, float8:
            let text = String(decoding: bytes, as: UTF8.self)
            return Double(text).map(SQLValue.real) ?? .text(text)
        case numeric:
            if let number = integer(bytes) { return .integer(number) }
            let text = String(decoding: bytes, as: UTF8.self)
            return Double(text).map(SQLValue.real) ?? .text(text)
        case bytea:
            return .blob(unhexed(bytes))
        default:
            return .text(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static func integer(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes[...]
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Int64(byte - UInt8(ascii: "0"))
            let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
            let (next, carry) =
                isNegative
                ? tenfold.subtractingReportingOverflow(digit) : tenfold.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            number = next
        }
        return number
    }

    /// bytea in hex form: `\x` and two digits a byte (the default since PostgreSQL 9.0).
    private static func unhexed(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte <= UInt8(ascii: "9") ? byte & 0x0F : (byte & 0x0F) + 9 }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 2)
        var index = 2
        while index + 1 < bytes.count {
            result.append(digit(bytes[index]) << 4 | digit(bytes[index + 1]))
            index += 2
        }
        return result
    }
}
