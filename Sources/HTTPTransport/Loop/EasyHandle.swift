// One libcurl easy handle with the memory that belongs to it.

import CCurl
import Glibc
import Loops

/// An easy handle, its header list and its error text. Used on one loop's thread only, for one transfer after another.
final class EasyHandle {
    let curl: UnsafeMutableRawPointer
    private var headers = HeaderList()
    private var address = EasyAddress()
    private let errorText: UnsafeMutablePointer<CChar>
    /// The options that the handle has from the last request; nil when it has none.
    private var kept: KeptOptions?

    /// Nil when libcurl has no memory.
    init?() {
        guard let curl = curl_easy_init() else { return nil }
        self.curl = curl
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(curl)
        errorText.deallocate()
    }

    /// Sets everything for a request. `context` is handed to the callbacks and lives until `reset`;
    /// `counters` until the multi handle's end, since connections outlive requests.
    ///
    /// - Parameter buffer: how many bytes are read at once, of which libcurl allocates as many for each transfer; nil: its
    ///   own choice.
    func configure(
        _ request: PreparedRequest,
        for client: HTTPClientConfiguration,
        context: UnsafeMutableRawPointer,
        counters: LoopCounters,
        buffer: Int?
    ) -> Bool {
        let options = KeptOptions(request, buffer: buffer)
        if options == nil || options != kept {
            if kept != nil { forget() }
            kept = options
            setCommon(request, client, counters)
            if let buffer { set(CURLOPT_BUFFERSIZE, buffer) }
            if case .http(let content) = request.content { setCommon(content) }
        }
        ccurl_set_context(curl, context)
        switch request.content {
        case .http(let content):
            if content.refusesLinkLocal { ccurl_set_pointer(curl, CURLOPT_OPENSOCKETDATA, context) }
            guard headers.replace(with: content.headerLines) else { return false }
            ccurl_set_pointer(curl, CURLOPT_HTTPHEADER, headers.first)
            setMethod(content)
            return address.set(request.url, of: curl, isKept: kept != nil)
        case .mail(let content): return setMail(content, url: request.url)
        }
    }

    /// Forgets the request; connections are the multi handle's and stay.
    ///
    /// - Parameter isWhole: it came to its proper end. After any other nothing is kept of it.
    func reset(isWhole: Bool) {
        if isWhole, kept != nil {
            // The rest is set anew. Of the conversation nothing stays, nor of who was told of it.
            ccurl_set_string(curl, CURLOPT_COPYPOSTFIELDS, nil)
            ccurl_set_context(curl, nil)
            ccurl_set_pointer(curl, CURLOPT_OPENSOCKETDATA, nil)
        } else {
            kept = nil
            forget()
        }
        errorText[0] = 0
    }

    private func forget() {
        curl_easy_reset(curl)
        address.forget()
    }

    /// libcurl's own words about the last failure; may contain what a message must not (see `TransferFailure`).
    var error: String { String(cString: errorText) }

    func info(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(curl, info, &value)
        return value
    }

    private func setCommon(_ request: PreparedRequest, _ client: HTTPClientConfiguration, _ counters: LoopCounters) {
        let counting = Unmanaged.passUnretained(counters).toOpaque()
        ccurl_watch_connections(curl, connectionOpened, connectionClosed, counting)
        ccurl_set_functions(curl, receiveBody, receiveHeaderLine, connectionIsReady)
        ccurl_set_pointer(curl, CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_MAXAGE_CONN, max(1, Int(client.idleConnectionAge.components.seconds)))
        // It stands among the header lines; a proxy that is asked for a tunnel hears of it by this option only.
        if Self.mayHaveProxy { set(CURLOPT_USERAGENT, client.userAgent) }
        set(CURLOPT_NOSIGNAL, 1)
        // Giving up while a name is being resolved must not wait for the resolver's thread (7.87 and later).
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 30)
        set(CURLOPT_TCP_KEEPINTVL, 15)
        // Ours is the limit that counts; libcurl's makes it divide the time between several addresses of a name.
        set(CURLOPT_CONNECTTIMEOUT_MS, request.connectMilliseconds)
        if !request.verifyTLS {
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let caFile = request.caFile { set(CURLOPT_CAINFO, caFile) }
        // A folder of authorities would be trusted besides the file, and keeps libcurl from remembering the parsed file:
        // some 20 ms on the loop's thread with every connection (vtls/openssl.c, Curl_ssl_setup_x509_store).
        if request.caFile != nil || Self.hasSystemFile { ccurl_set_string(curl, CURLOPT_CAPATH, nil) }
    }

    /// Whether the system's authorities are in one file, as on Debian, and not only in a folder.
    private static let hasSystemFile: Bool = {
        guard let path = ccurl_system_authorities() else { return false }
        return access(path, R_OK) == 0
    }()

    /// Whether the environment names a proxy (`lib/url.c`, detect_proxy). It is read once: a program's own does not change.
    private static let mayHaveProxy: Bool = {
        let names = ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        return names.contains { getenv($0) != nil }
    }()

    private func setCommon(_ request: PreparedHTTP) {
        if request.refusesLinkLocal { ccurl_set_open_function(curl, openSocketElsewhere) }
        if request.isSentOnce {
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_FORBID_REUSE, 1)
        }
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        // libcurl would look for half a dozen variables with every request.
        if !Self.mayHaveProxy { set(CURLOPT_PROXY, "") }
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if request.wantsHTTP2 {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            set(CURLOPT_PIPEWAIT, 1)
        } else {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
    }

    private func setMethod(_ request: PreparedHTTP) {
        if let body = request.body {
            set(CURLOPT_POST, 1)
            _ = body.withUnsafeBytes { bytes in
                // An empty array may have no address, and none means "read from a callback".
                bytes.baseAddress.map { ccurl_set_body(curl, $0, numericCast(bytes.count)) }
                    ?? ccurl_set_body(curl, "", 0)
            }
            if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
        } else if request.method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
        } else if request.method == "POST" || request.method == "PUT" || request.method == "PATCH" {
            // These say their length even when it is none.
            set(CURLOPT_POST, 1)
            ccurl_set_body(curl, "", 0)
            if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
        } else if request.method != "GET" {
            set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    func set(_ option: CURLoption, _ value: Int) {
        ccurl_set_long(curl, option, value)
    }

    func set(_ option: CURLoption, _ value: String) {
        ccurl_set_string(curl, option, value)
    }
}
