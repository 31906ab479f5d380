// What travels with a request through Hummingbird.

import Conversation
import Hummingbird
import Logging
import NIOCore

/// The request context: Hummingbird's own, the connection, the request's id and its notes for the log.
struct GatewayContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    var requestID = ""
    var trace = TraceContext()
    let notes = RequestNotes()

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
