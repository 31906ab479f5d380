// The headers that say how an answer came about.

import Conversation
import HTTPTypes
import Providers

extension HTTPFields {
    /// `x-opsgate-provider`, `-model` and `-attempts`; nothing when nobody answered.
    ///
    /// - Parameter dropped: the request's members that had no effect there, for `x-opsgate-ignored`.
    init(answeredBy answer: (RouteTarget, attempts: Int)?, dropping dropped: [String] = []) {
        self.init()
        setIgnored(dropped)
        guard let (target, attempts) = answer else { return }
        add(.provider, target.provider)
        add(.model, target.model.headerSafe)
        add(.attempts, String(attempts))
    }

    /// Adds a field of which there is none yet. Nothing is looked up for it, as setting by name does.
    mutating func add(_ name: HTTPField.Name, _ value: String) {
        append(HTTPField(name: name, value: value))
    }

    /// From names and values of our own, in the order of the names.
    init(_ headers: [String: String]) {
        self.init()
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            if let name = HTTPField.Name(name) { append(HTTPField(name: name, value: value)) }
        }
    }

    /// What is left of the limits.
    mutating func add(_ standing: LimitStanding) {
        for (name, value) in standing.fields {
            if let name = HTTPField.Name(name) { add(name, value) }
        }
    }

    /// With others after them. What both have ignored is named in one header.
    func adding(_ others: HTTPFields) -> HTTPFields {
        if others.isEmpty { return self }
        if isEmpty { return others }
        var all = self
        all.append(contentsOf: others)
        let ignored = (others + self).filter { $0.name == .ignored }.map(\.value)
        if ignored.count > 1 { all[.ignored] = ignored.joined(separator: ", ") }
        return all
    }

    /// Names the members of a request that have no effect in `x-opsgate-ignored`.
    mutating func setIgnored(_ members: [String]) {
        guard !members.isEmpty else { return }
        // Enough to find out why something has no effect; a header has its limits.
        let shown = members.prefix(20).map(\.headerSafe) + (members.count > 20 ? ["..."] : [])
        add(.ignored, shown.joined(separator: ", "))
    }
}

extension String {
    /// Without what may not stand in a header.
    fileprivate var headerSafe: String {
        let isSafe = utf8.count <= 100 && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x2C }
        if isSafe { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F && $0 != "," }.prefix(100)
            )
        )
    }
}
