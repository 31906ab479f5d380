// Which zone a time without one is in: UTC, a fixed offset, or an IANA zone with its summer time.

import Foundation

/// A rule that turns a local time into a moment.
package struct ZoneRule: Sendable, Hashable {
    private enum Kind: Sendable, Hashable {
        case fixed(seconds: Int)
        case named(TimeZone)
    }

    private let kind: Kind
    /// The name as given: `UTC`, `+08:00`, `Asia/Shanghai`.
    package let name: String

    package static let utc = ZoneRule(kind: .fixed(seconds: 0), name: "UTC")

    private init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }

    /// `UTC`, `Z`, `GMT`, an offset such as `+08:00` or `-0330`, or a name of the IANA database. Nil when unknown.
    package init?(name: String) {
        if ["UTC", "Z", "GMT"].contains(name.uppercased()) {
            self = ZoneRule(kind: .fixed(seconds: 0), name: name)
        } else if let seconds = Self.offset(name) {
            self = ZoneRule(kind: .fixed(seconds: seconds), name: name)
        } else if name.utf8.allSatisfy(Self.isNameByte), let zone = TimeZone(identifier: name) {
            self = ZoneRule(kind: .named(zone), name: name)
        } else {
            return nil
        }
    }

    /// Seconds east of Greenwich at a moment.
    package func offset(at moment: Timestamp) -> Int {
        switch kind {
        case .fixed(let seconds): seconds
        case .named(let zone):
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
        }
    }

    /// The moment of a local time, given as if it were epoch milliseconds.
    ///
    /// A time that occurs twice (the clock went back) is the earlier one; a time that does not occur (it went
    /// forward) is read with the offset from before the change, as RFC 5545 section 3.3.5 has it.
    func moment(localMilliseconds local: Int64) throws(TimestampError) -> Timestamp {
        let day: Int64 = 86_400_000
        let before = Int64(offset(at: Timestamp(milliseconds: local - day))) * 1000
        let after = Int64(offset(at: Timestamp(milliseconds: local + day))) * 1000
        for candidate in [before, after] {
            let moment = Timestamp(milliseconds: local - candidate)
            if Int64(offset(at: moment)) * 1000 == candidate { return try Timestamp(checked: moment.milliseconds) }
        }
        return try Timestamp(checked: local - before)
    }

    private static func offset(_ name: String) -> Int? {
        var digits: [Int] = []
        let bytes = Array(name.utf8)
        guard let sign = bytes.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        for (index, byte) in bytes.dropFirst().enumerated() {
            if byte == UInt8(ascii: ":"), index == 2 { continue }
            guard byte >= 48, byte <= 57 else { return nil }
            digits.append(Int(byte) - 48)
        }
        guard digits.count == 4 || (digits.count == 2 && bytes.count == 3) else { return nil }
        let hours = digits[0] * 10 + digits[1]
        let minutes = digits.count == 4 ? digits[2] * 10 + digits[3] : 0
        guard hours < 24, minutes < 60 else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    /// The name becomes part of a path in the system's zone folder: nothing but what zone names consist of.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"): true
        default: false
        }
    }
}
