// A libcurl multi handle with its few calls.

import CCurl
import Loops

/// A multi handle: the transfers and connections of one loop. Confined to the loop's thread.
struct CurlMulti: ~Copyable {
    private let handle: UnsafeMutableRawPointer
    /// Connections count themselves out when they are closed, the last ones with the handle.
    private let counters: LoopCounters

    /// - Parameter connections: connections, busy ones included, above which one that becomes idle is closed.
    /// - Throws: `.other` when libcurl has no memory.
    init(connections: Int, counters: LoopCounters) throws(TransferFailure) {
        self.counters = counters
        guard let handle = curl_multi_init() else { throw TransferFailure(.other, "libcurl has no memory") }
        self.handle = handle
        ccurl_multi_set_long(handle, CURLMOPT_MAXCONNECTS, max(1, connections))
    }

    deinit {
        reportNothing()
        curl_multi_cleanup(handle)
    }

    /// Has libcurl tell `context`, a `TransferLoop`, which sockets and what time it wants.
    func report(to context: UnsafeMutableRawPointer) {
        ccurl_multi_set_socket_function(handle, watchSocket, context)
        ccurl_multi_set_timer_function(handle, setTimer, context)
    }

    /// The loop is on its way out: it must not be told about the connections that are closed from now on.
    func reportNothing() {
        ccurl_multi_set_socket_function(handle, nil, nil)
        ccurl_multi_set_timer_function(handle, nil, nil)
    }

    /// False when libcurl refuses.
    func add(_ easy: EasyHandle) -> Bool {
        curl_multi_add_handle(handle, easy.curl) == CURLM_OK
    }

    /// Takes a transfer out at once; a connection in the middle of a response is closed.
    func remove(_ easy: EasyHandle) {
        curl_multi_remove_handle(handle, easy.curl)
    }

    /// Lets libcurl work on a socket that is ready.
    func drive(_ descriptor: Int32, events: DescriptorEvents) {
        var selected: Int32 = 0
        if events.contains(.readable) { selected |= CURL_CSELECT_IN }
        if events.contains(.writable) { selected |= CURL_CSELECT_OUT }
        if !events.isDisjoint(with: .failed) { selected |= CURL_CSELECT_ERR }
        var alive: Int32 = 0
        curl_multi_socket_action(handle, descriptor, selected, &alive)
    }

    /// Lets libcurl do what is due by its own timer.
    func driveTimer() {
        var alive: Int32 = 0
        curl_multi_socket_action(handle, CURL_SOCKET_TIMEOUT, 0, &alive)
    }

    /// The next transfer that is over, as the context pointer of its easy handle, with its result.
    func nextFinished() -> (context: UnsafeMutableRawPointer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(handle, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let curl = message.pointee.easy_handle else { continue }
            let code = ccurl_message_result(message)
            if let context = ccurl_get_private(curl) { return (context, code) }
        }
        return nil
    }
}
