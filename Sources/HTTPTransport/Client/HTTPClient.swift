// The room's front door: streams and whole answers over HTTP.

import CCurl
import Synchronization

/// An HTTP client on libcurl: a few threads of its own carry all transfers. Connections are kept and used again,
/// redirects are not followed, proxies come from the environment as libcurl reads them (`http_proxy`, `https_proxy`,
/// `all_proxy`, `no_proxy`).
package final class HTTPClient: Sendable {
    private let configuration: HTTPClientConfiguration
    private let threads: [LoopThread]
    private let lastID = Atomic<Int>(0)

    /// - Throws: `.other` when the system has no threads or descriptors left.
    package init(configuration: HTTPClientConfiguration = .init()) throws(TransferFailure) {
        guard Self.isLibraryReady else { throw TransferFailure(.other, "libcurl cannot be initialised") }
        self.configuration = configuration
        var threads: [LoopThread] = []
        for _ in 0..<max(1, configuration.threads) {
            threads.append(try LoopThread(configuration: configuration))
        }
        self.threads = threads
    }

    /// Sends a request and returns when the response's head is there.
    ///
    /// - Throws: any `TransferFailure`; a status of 4xx or 5xx is not one.
    package func stream(_ request: TransferRequest) async throws(TransferFailure) -> TransferResponse {
        let request = try PreparedRequest(request, isWhole: false, defaultCAFile: defaultCAFile)
        let transfer = transfer(for: request, isWhole: false, bodyLimit: .max)
        switch await transfer.begin() {
        case .head(let head): return TransferResponse(head: head, transfer: transfer)
        case .failed(let failure): throw failure
        default: throw TransferFailure(.other, "a stream began without a head")
        }
    }

    /// Sends a request and returns when the whole response is there; the task is woken once.
    ///
    /// - Parameter bodyLimit: more bytes than this end it with `.responseTooLarge`.
    /// - Throws: any `TransferFailure`; a status of 4xx or 5xx is not one.
    package func fetch(_ request: TransferRequest, bodyLimit: Int) async throws(TransferFailure) -> WholeResponse {
        let request = try PreparedRequest(request, isWhole: true, defaultCAFile: defaultCAFile)
        let transfer = transfer(for: request, isWhole: true, bodyLimit: bodyLimit)
        switch await transfer.begin() {
        case .whole(let head, let body): return WholeResponse(status: head.status, headers: head.headers, body: body)
        case .failed(let failure): throw failure
        default: throw TransferFailure(.other, "a whole response came in pieces")
        }
    }

    /// Ends what runs with `.shutDown`, refuses what comes, and returns when all threads have left. Idempotent.
    package func shutdown() async {
        for thread in threads { thread.mailbox.close() }
        for thread in threads { await thread.shutdown() }
    }

    /// Counts of all threads, each read by itself.
    package var statistics: TransferStatistics {
        threads.reduce(into: TransferStatistics()) { statistics, thread in
            statistics.add(thread.counters)
            statistics.queued += thread.mailbox.startCount
        }
    }

    var defaultCAFile: String? { configuration.caFile }

    func transfer(for request: PreparedRequest, isWhole: Bool, bodyLimit: Int) -> Transfer {
        Transfer(
            id: lastID.add(1, ordering: .relaxed).newValue,
            request: request,
            mailbox: thread(for: request.url).mailbox,
            isWhole: isWhole,
            bodyLimit: bodyLimit,
            highWaterMark: configuration.highWaterMark
        )
    }

    /// The same thread for the same origin, so that its connections are found again.
    private func thread(for url: String) -> LoopThread {
        guard threads.count > 1 else { return threads[0] }
        // FNV-1a.
        let hash = Origin.of(url).utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return threads[Int(hash % UInt64(threads.count))]
    }

    /// libcurl's once-only set-up of the process.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
