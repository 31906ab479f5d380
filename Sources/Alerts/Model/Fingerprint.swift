// What makes two events speak of the same thing.

/// FNV-1a with 64 bits, as Alertmanager uses it for fingerprints.
package struct FNV1a: Sendable {
    package private(set) var value: UInt64 = 14_695_981_039_346_656_037

    package init() {}

    package mutating func add(byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 1_099_511_628_211
    }

    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            for byte in bytes { add(byte: byte) }
        }
    }

    /// A text and the separator `0xFF`, which occurs in no UTF-8, so that `ab`,`c` and `a`,`bc` differ.
    package mutating func addField(_ text: String) {
        add(text)
        add(byte: 0xFF)
    }

    package mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            add(byte: UInt8(truncatingIfNeeded: number >> Int64(shift)))
        }
    }

    /// 16 lower-case hexadecimal digits.
    package var hexadecimal: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The rules by which an event gets its fingerprint; the README of this room says why.
package enum Fingerprint {
    /// Bytes; longer ones are replaced by their hash, since they become part of an index.
    package static let limit = 200

    /// Alertmanager's own rule: over the labels sorted by name, `name 0xFF value 0xFF` each (`ops.md` section 2.2).
    /// - Parameter title: hashed after the labels, for senders that know neither fingerprints nor ids.
    package static func of(labels: [Label], title: String? = nil) -> String {
        var hash = FNV1a()
        for label in labels.sorted(by: { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) }) {
            hash.addField(label.name)
            hash.addField(label.value)
        }
        if let title { hash.addField(title) }
        return hash.hexadecimal
    }

    /// An identifier of the sender as fingerprint: itself when it is short printable ASCII, else a hash of it. (Swift
    /// holds some differently encoded texts for equal, the store does not: fingerprints must not be open to that.)
    package static func of(identifier: String) -> String {
        let isPlain = identifier.utf8.count <= limit && identifier.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        if isPlain { return identifier }
        var hash = FNV1a()
        hash.addField(identifier)
        return "hash-\(hash.hexadecimal)"
    }

    /// For the seed's format: `external_id`, else `event_id`, else the labels and the title.
    package static func of(externalID: String?, eventID: String?, labels: [Label], title: String) -> String {
        if let externalID, !externalID.isEmpty { return of(identifier: externalID) }
        if let eventID, !eventID.isEmpty { return of(identifier: eventID) }
        return of(labels: labels, title: title)
    }
}
