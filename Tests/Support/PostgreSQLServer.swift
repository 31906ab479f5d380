// A PostgreSQL server for tests, from Debian's package, that disappears with the test process however it ends.

import Dispatch
import Glibc
import Synchronization

/// A server in a temporary folder, with a Unix socket and a TCP port of its own. A small shell program is its parent:
/// it takes commands on a pipe, and when the pipe closes (the test process has ended or was killed) it stops the
/// server and removes the folder.
package final class PostgreSQLServer: Sendable {
    private static let once = Mutex<Task<PostgreSQLServer, any Error>?>(nil)

    /// The server that all tests of the process share. Tests take a database of their own from it.
    package static func shared() async throws -> PostgreSQLServer {
        let task = once.withLock { task in
            if let task { return task }
            let started = Task { try await start() }
            task = started
            return started
        }
        return try await task.value
    }

    /// Starts a server of its own, for tests that stop or kill it.
    package static func start() async throws -> PostgreSQLServer {
        let binaries = try binariesFolder()
        var failure = SupportError("")
        for _ in 0..<5 {  // another process may take the port before the server does
            let server = try PostgreSQLServer(binaries: binaries)
            do {
                _ = try await server.ask(nil)
                return server
            } catch let error as SupportError {
                failure = error
            }
        }
        throw failure
    }

    package let port: Int
    package let password: String
    private let input: Int32
    private let output: Int32
    private let watchdog: pid_t
    private let requests = DispatchQueue(label: "postgresql-server")
    private let databases = Atomic<Int>(0)

    /// Makes an empty database and returns its URL (TCP, with password).
    package func makeDatabase() async throws -> String {
        let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
        _ = try await ask("create \(name)")
        return "postgres://postgres:\(password)@127.0.0.1:\(port)/\(name)"
    }

    /// Starts it again after `stop` or `crash`.
    package func startAgain() async throws { _ = try await ask("start") }

    /// Ends it in order, with its connections cut.
    package func stop() async throws { _ = try await ask("stop") }

    /// Ends it as a crash does: no checkpoint, connections cut, recovery at the next start.
    package func crash() async throws { _ = try await ask("crash") }

    deinit {
        close(input)
        close(output)
        var status: Int32 = 0
        waitpid(watchdog, &status, 0)
    }

    private init(binaries: String) throws {
        port = try FreePort.take()
        password = "secret-\(UInt64.random(in: .min ... .max))"
        let (inputRead, inputWrite) = try Self.pipeEnds()
        let (outputRead, outputWrite) = try Self.pipeEnds()
        defer {
            close(inputRead)
            close(outputWrite)
        }
        (input, output) = (inputWrite, outputRead)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputRead, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite, 1)
        Spawner.closeOthers(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C is for the tests, whose end then ends the server.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let arguments = ["sh", "-c", Self.script, "sh", binaries, String(port), password]
        let pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process = pid_t()
        let result = posix_spawn(&process, "/bin/sh", &actions, &attributes, pointers, environ)
        guard result == 0 else { throw SupportError("cannot start a shell (error \(result))") }
        watchdog = process
    }

    /// Sends a command (or none: the greeting is awaited) and waits for the answer, which must begin with `ok`.
    private func ask(_ command: String?) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            requests.async { [self] in
                if let command {
                    let bytes = Array((command + "\n").utf8)
                    if write(input, bytes, bytes.count) != bytes.count {
                        return continuation.resume(throwing: SupportError("PostgreSQL's watchdog has gone"))
                    }
                }
                let answer = readLine()
                if answer.hasPrefix("ok") {
                    continuation.resume(returning: answer)
                } else {
                    continuation.resume(throwing: SupportError("PostgreSQL: \(command ?? "start"): \(answer)"))
                }
            }
        }
    }

    private func readLine() -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }

    private static func binariesFolder() throws -> String {
        for version in stride(from: 20, through: 13, by: -1) {
            let folder = "/usr/lib/postgresql/\(version)/bin"
            if access("\(folder)/initdb", X_OK) == 0 { return folder }
        }
        throw SupportError("PostgreSQL is not installed; on Debian: apt-get install postgresql-15")
    }

    private static func pipeEnds() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SupportError("no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Arguments: PostgreSQL's programs, port, password. Root must not run the server, so it becomes `postgres` then.
    private static let script = #"""
        trap '' INT TERM HUP PIPE  # without a reader its answers are lost, not its duty to tidy up
        programs=$1 port=$2 password=$3 pid=
        folder=$(mktemp -d "${TMPDIR:-/tmp}/opsgate-postgresql.XXXXXX") || { echo "no temporary folder"; exit 1; }
        printf %s "$password" >"$folder/password"
        run=
        if [ "$(id -u)" = 0 ]; then
            chown -R postgres "$folder"
            run="setpriv --reuid=postgres --regid=postgres --init-groups"
        fi
        cd "$folder"
        give_up() { echo "$1: $(tail -n 3 log 2>/dev/null | tr '\n' ' ')"; cd /; rm -rf "$folder"; exit 1; }
        $run "$programs/initdb" -D "$folder/data" -U postgres --pwfile="$folder/password" --encoding=UTF8 \
            --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-sync >log 2>&1 </dev/null \
            || give_up "initdb failed"
        start() {
            $run "$programs/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 \
                -c max_connections=1500 -c shared_buffers=32MB -c fsync=on >>log 2>&1 </dev/null &
            pid=$!
            tries=0
            until "$programs/pg_isready" -q -h 127.0.0.1 -p "$port"; do
                kill -0 "$pid" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || return 1
                sleep 0.05
            done
        }
        end() { kill "-$1" "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }
        start || { end QUIT; give_up "the server did not start"; }
        echo ok
        while read -r command name; do
            case $command in
                create) "$programs/createdb" -h "$folder" -p "$port" -U postgres -T template0 "$name" </dev/null \
                    >>log 2>&1 && echo ok || echo "$(tail -n 1 log)" ;;
                start) start && echo ok || echo "$(tail -n 1 log)" ;;
                stop) end INT; echo ok ;;
                crash) end QUIT; echo ok ;;
            esac
        done
        end QUIT
        cd /
        rm -rf "$folder"
        """#
}
