// The scripted upstream's entry: reads the flags, listens on loopback, says where, and serves until it is ended.
import Glibc
import NIOCore
import NIOPosix

@main
struct Program {
    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        raiseFileLimit()
        let options: Options
        do {
            options = try Options(arguments: Array(CommandLine.arguments.dropFirst()))
        } catch {
            say(error.message + "\n" + Options.usage, to: 2)
            exit(64)
        }
        if options.help {
            say(Options.usage, to: 1)
            return
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        let listener = try await UpstreamServer(options: options).listen(on: group)
        say("listening on 127.0.0.1:\(listener.localAddress?.port ?? 0)\n", to: 1)
        try await listener.closeFuture.get()
    }

    /// Takes all the file descriptors that the system grants: thousands of streams are one socket each.
    static func raiseFileLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Writes without stdio's buffer, so that a reader of a log file sees the line at once.
    static func say(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            _ = write(descriptor, bytes.baseAddress, bytes.count)
        }
    }
}
