// Which notices are to be sent again, read from a body.

import JSON
import Resources

enum ResendRequest: Sendable, Hashable {
    case ids([Int64])
    case channel(Int64, [NoticeState])

    init(_ body: JSONObject) throws(ResourceError) {
        var errors: [FieldError] = []
        var ids: [Int64]?
        var channel: Int64?
        var states = NoticeState.allCases.filter(\.canBeSentAgain)
        for (name, value) in body where value != .null {
            switch name {
            case "ids":
                ids = Self.numbers(value)
                if ids == nil {
                    errors.append(FieldError(name, "must be a list of 1 to \(NotificationDesk.maximumRows) ids"))
                }
            case "channel":
                channel = value.int.map { Int64($0) }
                if channel == nil { errors.append(FieldError(name, "must be the id of a channel")) }
            case "state":
                if let state = value.string.flatMap(NoticeState.init(rawValue:)), state.canBeSentAgain {
                    states = [state]
                } else {
                    errors.append(FieldError(name, "must be dead or unknown"))
                }
            default:
                errors.append(FieldError(name, "is not known here"))
            }
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        switch (ids, channel) {
        case (let ids?, nil): self = .ids(ids)
        case (nil, let channel?): self = .channel(channel, states)
        case (nil, nil): throw .invalid("ids", "is required, unless channel is given")
        default: throw .invalid("channel", "cannot be given together with ids")
        }
    }

    /// Each once, in their order.
    private static func numbers(_ value: JSONValue) -> [Int64]? {
        guard let elements = value.array, (1...NotificationDesk.maximumRows).contains(elements.count) else {
            return nil
        }
        var seen: Set<Int64> = []
        var ids: [Int64] = []
        for element in elements {
            guard let id = element.int, id > 0 else { return nil }
            if seen.insert(Int64(id)).inserted { ids.append(Int64(id)) }
        }
        return ids
    }
}
