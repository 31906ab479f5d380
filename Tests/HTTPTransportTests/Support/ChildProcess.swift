// A program started by a test, without what Foundation's Process brings along (run loops, dispatch sources).

import Foundation
import Glibc

/// A running program that inherits nothing but its standard output and error, a file.
struct ChildProcess: ~Copyable {
    let identifier: pid_t

    /// - Throws: when the program cannot be started.
    init(_ path: String, _ arguments: [String], in folder: String, output: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Copies of other tests' connections would keep them open.
        for descriptor in 3..<4_096 as Range<Int32> { posix_spawn_file_actions_addclose(&actions, descriptor) }
        // The thread of a task has blocked SIGTERM and others.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder, path] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var identifier = pid_t()
        let code = posix_spawn(&identifier, "/bin/sh", &actions, &attributes, &pointers, environ)
        guard code == 0 else { throw RawServerError(what: "\(path): errno \(code)") }
        self.identifier = identifier
    }

    /// Waits for the program's own end and returns its status.
    consuming func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        discard self
        return status
    }

    deinit {
        kill(identifier, SIGKILL)
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    }

    /// The full path of a program, nil when there is none of that name.
    static func find(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
