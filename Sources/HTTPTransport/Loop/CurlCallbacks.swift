// What libcurl calls: each finds its object behind the context pointer and hands over.

import CCurl
import Glibc
import Loops
import Synchronization

/// The transfer behind a context pointer. It is valid: a loop keeps a running transfer in its table for as long as the
/// easy handle that holds the pointer is in the multi handle.
private func running(_ context: UnsafeMutableRawPointer) -> RunningTransfer {
    Unmanaged<RunningTransfer>.fromOpaque(context).takeUnretainedValue()
}

/// `CURLOPT_WRITEFUNCTION`: a piece of the body. Returning another number than the bytes' ends the transfer.
let receiveBody: ccurl_data_callback = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return running(context).receive(body: piece) ? piece.count : 0
}

/// `CURLOPT_HEADERFUNCTION`: one whole header line.
let receiveHeaderLine: ccurl_data_callback = { bytes, size, count, context in
    guard let bytes, let context else { return 0 }
    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return running(context).receive(headerLine: line) ? line.count : 0
}

/// `CURLOPT_PREREQFUNCTION`: connected (TLS included, or a pooled connection chosen), about to send.
let connectionIsReady: ccurl_prerequest_callback = { context, peer, _, _, _ in
    guard let context else { return Int32(CURL_PREREQFUNC_OK) }
    let isAllowed = running(context).connected(to: peer.map { String(cString: $0) } ?? "")
    return Int32(isAllowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT)
}

/// `CURLOPT_SOCKOPTFUNCTION`: a socket for a connection. Connections are kept out of programs that this one starts: a
/// copy held there would keep a closed connection open.
let connectionOpened: ccurl_opened_callback = { context, descriptor, _ in
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    guard let context else { return Int32(CURL_SOCKOPT_OK) }
    Unmanaged<LoopCounters>.fromOpaque(context).takeUnretainedValue().opened(descriptor)
    return Int32(CURL_SOCKOPT_OK)
}

/// `CURLOPT_CLOSESOCKETFUNCTION`: its end, on the thread of its loop.
let connectionClosed: ccurl_closed_callback = { context, descriptor in
    LoopCore.current?.forget(descriptor)
    if let context {
        Unmanaged<LoopCounters>.fromOpaque(context).takeUnretainedValue().closed(descriptor)
    }
    return close(descriptor)
}

/// `CURLOPT_OPENSOCKETFUNCTION`: a name has been resolved, and one of its addresses is about to be connected to.
let openSocketElsewhere: ccurl_open_callback = { context, _, address in
    guard let context, let address else { return CURL_SOCKET_BAD }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = bytes.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { ccurl_address_bytes(address, $0) } ?? 0
    }
    guard !LinkLocal.contains(Array(bytes.prefix(Int(count)))) else {
        running(context).refusedAddress()
        return CURL_SOCKET_BAD
    }
    return ccurl_open_socket(address)
}

/// `CURLMOPT_SOCKETFUNCTION`: which events of a socket libcurl wants.
let watchSocket: ccurl_socket_callback = { easy, descriptor, what, context, _ in
    guard let context else { return 0 }
    // libcurl also speaks for handles of its own, which have no transfer.
    let transfer = easy.flatMap { ccurl_get_private($0) }.map { running($0) }
    Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue()
        .watch(descriptor, what: what, isCarried: transfer?.isCarried ?? false)
    return 0
}

/// `CURLMOPT_TIMERFUNCTION`: when libcurl wants to be called without an event.
let setTimer: ccurl_timer_callback = { _, milliseconds, context in
    guard let context else { return 0 }
    Unmanaged<TransferLoop>.fromOpaque(context).takeUnretainedValue().setCurlTimer(milliseconds: milliseconds)
    return 0
}
