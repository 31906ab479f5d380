// A program that a test started: its output in files, its end by id, and never left behind.
import Foundation
package import Glibc
import Synchronization

/// How a process ended.
package enum ExitStatus: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)

    /// Whether it ended by itself with status 0.
    package var isSuccess: Bool { self == .exited(0) }
}

/// A running program. It is killed when the object goes, and ended by the system when the test process dies.
package final class ChildProcess: Sendable {
    /// The process id. The process leads a group of its own.
    package let id: pid_t
    /// The file with what it wrote to standard output, and to standard error unless that has a file of its own.
    package let log: String
    private let name: String
    private let input: Int32?
    private let folder: TemporaryFolder?
    private let ended = Mutex<ExitStatus?>(nil)

    /// Starts a program.
    /// - Parameters:
    ///   - executable: a path, or a name that is looked up in `PATH`.
    ///   - environment: added to, or in place of, the environment of the test process.
    ///   - inheriting: whether the environment of the test process is handed on.
    ///   - log: the file for the output; a temporary one by default.
    ///   - errors: a second file for standard error; nil writes it to `log`.
    ///   - hasInput: whether ``send(_:)`` can write to standard input; otherwise it is empty.
    package static func start(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        inheriting: Bool = true,
        folder: String? = nil,
        log: String? = nil,
        errors: String? = nil,
        hasInput: Bool = false
    ) async throws -> ChildProcess {
        let temporary = log == nil ? try TemporaryFolder("log") : nil
        let logPath = log ?? temporary?.file("output.log") ?? "/dev/null"
        let output = try openForAppending(logPath)
        defer { close(output) }
        let errorOutput = try errors.map(openForAppending) ?? output
        defer { if errors != nil { close(errorOutput) } }
        var ends: [Int32] = [-1, -1]
        if hasInput {
            guard pipe(&ends) == 0 else { throw SupportError("no pipe: errno \(errno)") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        } else {
            ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)
        }
        defer { close(ends[0]) }
        let inherited = inheriting ? ProcessInfo.processInfo.environment : ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        let order = SpawnOrder(
            executable: executable,
            arguments: arguments,
            environment: inherited.merging(environment) { $1 },
            folder: folder,
            input: ends[0],
            output: output,
            errors: errorOutput
        )
        do {
            let id = try await Spawner.shared.spawn(order)
            let name = (executable as NSString).lastPathComponent
            return ChildProcess(id: id, name: name, log: logPath, input: hasInput ? ends[1] : nil, folder: temporary)
        } catch {
            if hasInput { close(ends[1]) }
            throw error
        }
    }

    private init(id: pid_t, name: String, log: String, input: Int32?, folder: TemporaryFolder?) {
        self.id = id
        self.name = name
        self.log = log
        self.input = input
        self.folder = folder
    }

    deinit {
        if let input, !inputClosed.load(ordering: .relaxed) { close(input) }
        if exitStatus == nil {
            Glibc.kill(-id, SIGKILL)
            Glibc.kill(id, SIGKILL)
            var status: Int32 = 0
            waitpid(id, &status, 0)
        }
    }

    private let inputClosed = Atomic<Bool>(false)

    /// How it ended; nil while it runs.
    package var exitStatus: ExitStatus? {
        ended.withLock { ended in
            if let ended { return ended }
            var status: Int32 = 0
            guard waitpid(id, &status, WNOHANG) == id else { return nil }
            let signal = status & 0x7F
            ended = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            return ended
        }
    }

    package var isRunning: Bool { exitStatus == nil }

    /// Everything written to the log so far.
    package var output: String {
        (try? Data(contentsOf: URL(fileURLWithPath: log))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Writes to standard input. Short texts only: it waits while the pipe is full.
    package func send(_ text: String) throws {
        guard let input else { throw SupportError("\(name) was started without input") }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { throw SupportError("\(name) does not read its input") }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends standard input.
    package func closeInput() {
        guard let input, !inputClosed.exchange(true, ordering: .relaxed) else { return }
        close(input)
    }

    /// Sends a signal to the process alone.
    package func signal(_ number: Int32) {
        guard isRunning else { return }
        Glibc.kill(id, number)
    }

    /// Waits for its end.
    /// - Throws: ``SupportError`` with the end of the log if it still runs then.
    @discardableResult
    package func wait(within limit: Duration = .patience) async throws -> ExitStatus {
        try await eventually("\(name) has ended; its log:\n\(logEnd)", within: limit) { exitStatus }
    }

    /// Asks it to end (SIGTERM) and waits; what does not end is killed, and that is an error.
    @discardableResult
    package func terminate(within limit: Duration = .patience) async throws -> ExitStatus {
        signal(SIGTERM)
        do {
            return try await wait(within: limit)
        } catch {
            _ = try? await kill()
            throw error
        }
    }

    /// Kills it and its group, as a crash or a power cut would, and waits.
    @discardableResult
    package func kill() async throws -> ExitStatus {
        if isRunning {
            Glibc.kill(-id, SIGKILL)
            Glibc.kill(id, SIGKILL)
        }
        return try await wait()
    }

    /// Waits for a line of its output that contains the text.
    /// - Returns: the line.
    @discardableResult
    package func waitForLine(containing text: String, within limit: Duration = .patience) async throws -> String {
        let line = try await waiting("writes \"\(text)\"", limit) {
            // The last piece may be a line in the making.
            output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first { $0.contains(text) }
        }
        return String(line)
    }

    /// Waits until something listens on the port.
    package func waitForPort(_ port: Int, within limit: Duration = .patience) async throws {
        _ = try await waiting("listens on \(port)", limit) { () -> Bool? in
            // Refused is no reason to stop asking, as long as the process runs.
            guard let socket = try? RawSocket(port: port) else { return nil }
            return (try? socket.isConnected()) == true ? true : nil
        }
    }

    private enum Outcome<Found> {
        case found(Found)
        case ended
    }

    /// Waits for something that can no longer come once the process has ended.
    private func waiting<Found>(
        _ what: String,
        _ limit: Duration,
        _ body: () throws -> Found?
    ) async throws -> Found {
        let outcome: Outcome<Found> = try await eventually("\(name) \(what); its log:\n\(logEnd)", within: limit) {
            let running = isRunning
            if let found = try body() { return Outcome<Found>.found(found) }
            return running ? nil : Outcome<Found>.ended
        }
        guard case .found(let found) = outcome else {
            let status = exitStatus.map { "\($0)" } ?? "?"
            throw SupportError("\(name) ended (\(status)) before it \(what); its log:\n\(logEnd)")
        }
        return found
    }

    private var logEnd: Substring { output.suffix(4000) }

    private static func openForAppending(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SupportError("cannot write \(path): errno \(errno)") }
        return descriptor
    }
}
