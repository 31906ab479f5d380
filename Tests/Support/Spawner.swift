// Starts processes from one thread that lives as long as this process: the kernel's "parent has died" signal is about
// the thread that made the child, and threads of a pool come and go.
import Dispatch
import Foundation
import Glibc
import Synchronization

/// What to start.
struct SpawnOrder: Sendable {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var folder: String?
    var input: Int32
    var output: Int32
    var errors: Int32
}

final class Spawner: Sendable {
    static let shared = Spawner()
    private let jobs = JobQueue()

    private init() {
        let jobs = jobs
        let thread = Thread {
            while true { jobs.take()() }
        }
        thread.name = "spawner"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Starts the process; it gets SIGTERM when this process ends.
    /// - Returns: its id.
    func spawn(_ order: SpawnOrder) async throws -> pid_t {
        try await withCheckedThrowingContinuation { continuation in
            jobs.put { continuation.resume(with: Result { try Spawner.start(order) }) }
        }
    }

    /// Leaves a child no descriptors but the first three: sockets and pipes of other tests must not live on in it. All
    /// numbers, not those in use now: others open some meanwhile.
    static func closeOthers(_ actions: inout posix_spawn_file_actions_t) {
        for descriptor in 3..<4_096 as Range<Int32> { posix_spawn_file_actions_addclose(&actions, descriptor) }
    }

    private static func start(_ order: SpawnOrder) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, order.input, 0)
        posix_spawn_file_actions_adddup2(&actions, order.output, 1)
        posix_spawn_file_actions_adddup2(&actions, order.errors, 2)
        closeOthers(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let move = order.folder.map { ["env", "--chdir", $0] } ?? []
        let words = ["setpriv", "--pdeathsig", "TERM", "--"] + move + [order.executable] + order.arguments
        let arguments = words.map { strdup($0) } + [nil]
        let environment = order.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var process = pid_t()
        let result = posix_spawnp(&process, "setpriv", &actions, &attributes, arguments, environment)
        guard result == 0 else {
            throw SupportError("cannot start \(order.executable): \(String(cString: strerror(result)))")
        }
        return process
    }
}

/// A queue of work for the one thread.
private final class JobQueue: Sendable {
    typealias Job = @Sendable () -> Void
    private let jobs = Mutex<[Job]>([])
    private let count = DispatchSemaphore(value: 0)

    func put(_ job: @escaping Job) {
        jobs.withLock { $0.append(job) }
        count.signal()
    }

    /// Waits for the next job.
    func take() -> Job {
        count.wait()
        return jobs.withLock { $0.removeFirst() }
    }
}
