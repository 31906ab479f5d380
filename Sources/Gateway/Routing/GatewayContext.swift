// What travels with a request on its way to its handler.

import Conversation

/// The request's id, its trace, what its path says, and its notes for the log.
struct GatewayContext: Sendable {
    var requestID: String
    var trace: TraceContext
    var parameters = PathParameters()
    let notes = RequestNotes()
}
