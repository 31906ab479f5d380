// How a client is set up.

import Glibc

/// Settings of an `HTTPClient`, fixed for its life.
package struct HTTPClientConfiguration: Sendable {
    /// Loops of the client's own, when it is given none; each has its own connections.
    package var threads: Int
    /// Pending bytes of one stream above which its connection is not read any further until the reader has caught up.
    package var highWaterMark: Int
    /// All header bytes of one response, interim responses and trailers included.
    package var maximumHeadBytes: Int
    /// Connections of each loop, busy ones included, above which one that becomes idle is closed.
    package var maximumIdleConnections: Int
    /// Easy handles that each loop keeps.
    package var maximumIdleHandles: Int
    /// An idle connection older than this is not used again. Most servers cut at 60 seconds or more; a connection that
    /// was cut earlier is replaced by libcurl when the request finds out.
    package var idleConnectionAge: Duration
    /// The `User-Agent`, unless a request has its own.
    package var userAgent: String
    /// A PEM file of certificate authorities to trust instead of the system's, unless a request has its own.
    package var caFile: String?

    package init(
        threads: Int = HTTPClientConfiguration.defaultThreads,
        highWaterMark: Int = 1 << 20,
        maximumHeadBytes: Int = 64 << 10,
        maximumIdleConnections: Int = 1_024,
        maximumIdleHandles: Int = 256,
        idleConnectionAge: Duration = .seconds(55),
        userAgent: String = "OpsGate/0.1",
        caFile: String? = nil
    ) {
        self.threads = threads
        self.highWaterMark = highWaterMark
        self.maximumHeadBytes = maximumHeadBytes
        self.maximumIdleConnections = maximumIdleConnections
        self.maximumIdleHandles = maximumIdleHandles
        self.idleConnectionAge = idleConnectionAge
        self.userAgent = userAgent
        self.caFile = caFile
    }

    /// Half the processors, at least one.
    package static var defaultThreads: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / 2) }
}
