// What the probe read: a head, and a whole answer.
import Foundation

/// The head of a response.
package struct ProbeHead: Sendable {
    package var status: Int
    package var reason: String
    package var headers: [(name: String, value: String)]

    /// The first field of that name, in whatever case.
    package subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// A whole response.
package struct ProbeAnswer: Sendable {
    package var head: ProbeHead
    package var body: [UInt8]

    package var status: Int { head.status }
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body in a Codable type.
    package func decoded<Wanted: Decodable>(as type: Wanted.Type = Wanted.self) throws -> Wanted {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw SupportError("not a \(type): \(error); status \(status), body: \(text.prefix(2000))")
        }
    }
}
