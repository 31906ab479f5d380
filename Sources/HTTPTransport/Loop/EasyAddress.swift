// The address of an easy handle's requests, which mostly is the one of the request before.

import CCurl

/// Takes an address apart once for all requests that go there one after another: libcurl would do it, and put it together
/// again, for each (7.88.1, `lib/url.c`, parseurlandfillconn).
struct EasyAddress: ~Copyable {
    private var text: String?
    private let parts = curl_url()

    deinit {
        curl_url_cleanup(parts)
    }

    /// - Parameter isKept: whether the handle keeps its options for the next request.
    /// - Returns: false when libcurl has no memory.
    mutating func set(_ url: String, of curl: UnsafeMutableRawPointer, isKept: Bool) -> Bool {
        if isKept, let text, Self.isSame(text.utf8.span, url.utf8.span) { return true }
        text = nil
        // Also of those that are taken apart: it is what libcurl shows.
        guard ccurl_set_string(curl, CURLOPT_URL, url) == CURLE_OK else { return false }
        // What is not understood is left to libcurl, whose refusal says why.
        // libcurl loses the zone of an address that is handed over so (`[fe80::1%25eth0]`).
        let isUnderstood = isKept && !url.utf8.contains(0x25) && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK
        guard ccurl_set_address(curl, isUnderstood ? parts : nil) == CURLE_OK else { return false }
        if isUnderstood { text = url }
        return true
    }

    /// Byte by byte: texts that are equal to Swift may be others on the wire.
    private static func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }

    /// The handle has been reset.
    mutating func forget() {
        text = nil
    }
}
