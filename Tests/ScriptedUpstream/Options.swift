// The flags of the scripted upstream.

/// What the command line asked for.
struct Options: Sendable {
    /// The port on 127.0.0.1; 0 takes a free one.
    var port = 0
    /// The key that `Authorization: Bearer` must carry; nil accepts everybody.
    var key: String?
    /// Event loop threads. One is enough for the benchmark and leaves the other core to the gateway.
    var threads = 1
    /// Whether requests are checked against the OpenAI document.
    var strict = true
    /// Whether only the usage text was asked for.
    var help = false

    static let usage = """
        usage: scripted-upstream [--port N] [--key TEXT] [--threads N] [--lenient]
          --port N      listen on 127.0.0.1:N (default: a free port, printed)
          --key TEXT    refuse requests without "Authorization: Bearer TEXT"
          --threads N   event loops (default 1)
          --lenient     do not check requests against the OpenAI document

        """

    /// - Throws: ``ScriptError`` that names the argument.
    init(arguments: [String]) throws(ScriptError) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            switch flag {
            case "--port": port = try Options.number(&rest, flag, 0...65_535)
            case "--threads": threads = try Options.number(&rest, flag, 1...64)
            case "--key":
                guard let value = rest.popFirst() else { throw ScriptError("--key needs a value") }
                key = value
            case "--lenient": strict = false
            case "--help", "-h": help = true
            default: throw ScriptError("unknown argument \(flag)")
            }
        }
    }

    private static func number(
        _ rest: inout ArraySlice<String>,
        _ flag: String,
        _ range: ClosedRange<Int>
    ) throws(ScriptError) -> Int {
        guard let text = rest.popFirst(), let value = Int(text), range.contains(value) else {
            throw ScriptError("\(flag) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
