// The room's front door: streams and whole answers over HTTP.

import CCurl
package import Loops
import Synchronization

/// An HTTP client on libcurl: event loops carry all transfers. Connections are kept and used again, redirects are not
/// followed, proxies come from the environment as libcurl reads them (`http_proxy`, `https_proxy`, `all_proxy`,
/// `no_proxy`).
package final class HTTPClient: Sendable {
    private let configuration: HTTPClientConfiguration
    private let lanes: [TransferLane]
    /// Loops that end with the client.
    private let ownLoops: LoopGroup?
    private let lastID = Atomic<Int>(0)

    /// - Parameter loops: those that carry the transfers. A request made on one of them stays there, so that neither it nor
    ///   its answer has to wake another thread. None: loops of the client's own.
    /// - Throws: `.other` when the system has no threads or descriptors left.
    package init(
        configuration: HTTPClientConfiguration = .init(),
        loops: LoopGroup? = nil
    ) throws(TransferFailure) {
        guard Self.isLibraryReady else { throw TransferFailure(.other, "libcurl cannot be initialised") }
        self.configuration = configuration
        let own: LoopGroup?
        do {
            own = loops == nil ? try LoopGroup(count: configuration.threads, name: "opsgate-http") : nil
        } catch {
            throw TransferFailure(.other, error.description)
        }
        ownLoops = own
        lanes = (loops ?? own)?.loops.map { TransferLane(configuration, on: $0) } ?? []
    }

    /// Sends a request and returns when the response's head is there.
    ///
    /// - Throws: any `TransferFailure`; a status of 4xx or 5xx is not one.
    package func stream(_ request: TransferRequest) async throws(TransferFailure) -> TransferResponse {
        let transfer = try transfer(for: request, isWhole: false, bodyLimit: .max)
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
        let transfer = try transfer(for: request, isWhole: true, bodyLimit: bodyLimit)
        switch await transfer.begin() {
        case .whole(let head, let body): return WholeResponse(head: head, body: body)
        case .failed(let failure): throw failure
        default: throw TransferFailure(.other, "a whole response came in pieces")
        }
    }

    /// Ends what runs with `.shutDown`, refuses what comes, and returns when all of it has ended. Idempotent.
    package func shutdown() async {
        for lane in lanes { lane.mailbox.close() }
        for lane in lanes { await lane.mailbox.left() }
        await ownLoops?.shutdown()
    }

    /// Counts of all loops, each read by itself.
    package var statistics: TransferStatistics {
        lanes.reduce(into: TransferStatistics()) { statistics, lane in
            statistics.add(lane.counters)
            statistics.queued += lane.mailbox.startCount
        }
    }

    var defaultCAFile: String? { configuration.caFile }

    private func transfer(
        for request: TransferRequest,
        isWhole: Bool,
        bodyLimit: Int
    ) throws(TransferFailure) -> Transfer {
        transfer(
            for: try PreparedRequest(request, isWhole: isWhole, for: configuration),
            isWhole: isWhole,
            bodyLimit: bodyLimit
        )
    }

    func transfer(for request: PreparedRequest, isWhole: Bool, bodyLimit: Int) -> Transfer {
        Transfer(
            id: lastID.add(1, ordering: .relaxed).newValue,
            request: request,
            mailbox: lane(for: request.url).mailbox,
            isWhole: isWhole,
            bodyLimit: bodyLimit,
            highWaterMark: configuration.highWaterMark
        )
    }

    /// The loop that calls. From elsewhere the same one for the same origin, so that its connections are found again.
    private func lane(for url: String) -> TransferLane {
        guard lanes.count > 1 else { return lanes[0] }
        if let loop = LoopCore.current?.loop, let lane = lanes.first(where: { $0.mailbox.loop === loop }) {
            return lane
        }
        // FNV-1a.
        let hash = Origin.of(url).utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return lanes[Int(hash % UInt64(lanes.count))]
    }

    /// libcurl's once-only set-up of the process.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}
