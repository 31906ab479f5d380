// A Python environment with the clients that the tests use, made once and shared by all test processes.
import Foundation
import Glibc

/// A virtual environment with pinned packages from PyPI.
package struct PythonEnvironment: Sendable {
    /// Every package that a test imports, pinned; theirs come in the versions that pip finds fit.
    package static let packages = [
        "openai==3.52.0", "anthropic==2.12.0", "langchain-openai==1.7.3",
        "aiosmtpd==1.4.6", "apprise==2.2.0", "wechatpy==1.8.18", "pycryptodome==4.4.0",
        "opentelemetry-proto==1.45.2", "opentelemetry-sdk==1.45.2", "opentelemetry-instrumentation-httpx==0.66b2",
        "httpx==0.28.1",
    ]

    /// Frameworks on top of clients, as they are today: what breaks with a new version of one should be known.
    package static let agentPackages = ["langchain-openai", "openai-agents", "pydantic-ai-slim[openai]"]

    /// The interpreter.
    package let python: String

    /// The environment of the frameworks, beside the other one: they need versions of their own.
    package static func agents() async throws -> PythonEnvironment {
        try await Once.agents.environment()
    }

    /// The shared environment, in `OPSGATE_TEST_VENV` or `.venv-tests` at the root of the package. The first caller
    /// makes it; others wait at a file lock.
    /// - Throws: ``SupportError`` with what pip said.
    package static func shared() async throws -> PythonEnvironment {
        try await Once.shared.environment()
    }

    /// Runs a script.
    /// - Parameters:
    ///   - script: the program text.
    ///   - arguments: `sys.argv[1:]`.
    package func run(
        _ script: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        within limit: Duration = .patience
    ) async throws -> CommandResult {
        let folder = try TemporaryFolder("python")
        let file = try folder.write(script, to: "script.py")
        // Tests talk to loopback; a proxy of the machine must not come between.
        let quiet = ["PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1,localhost"]
        return try await Command.run(
            python,
            [file] + arguments,
            environment: quiet.merging(environment) { $1 },
            within: limit
        )
    }

    private actor Once {
        static let shared = Once(PythonEnvironment.packages, suffix: "")
        static let agents = Once(agentPackages, suffix: "-agents")
        private let packages: [String]
        private let suffix: String
        private var task: Task<PythonEnvironment, any Error>?

        init(_ packages: [String], suffix: String) {
            self.packages = packages
            self.suffix = suffix
        }

        func environment() async throws -> PythonEnvironment {
            if task == nil { task = Task { try await PythonEnvironment.make(packages, suffix: suffix) } }
            guard let task else { throw SupportError("no task") }
            return try await task.value
        }
    }

    private static func make(_ packages: [String], suffix: String) async throws -> PythonEnvironment {
        let configured = ProcessInfo.processInfo.environment["OPSGATE_TEST_VENV"]
        let folder = (configured ?? BuiltProducts.packageRoot + "/.venv-tests") + suffix
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The folder itself is the lock: its contents come and go, it stays.
        let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw SupportError("cannot open \(folder): errno \(errno)") }
        defer { close(lock) }
        try await eventually("the lock of \(folder) is free", within: .seconds(600), every: .milliseconds(100)) {
            flock(lock, LOCK_EX | LOCK_NB) == 0
        }
        let python = folder + "/bin/python"
        // The list of what was installed is written last: an environment without it is half made.
        let stamp = folder + "/installed.txt"
        let wanted = packages.joined(separator: "\n") + "\n"
        if (try? String(contentsOfFile: stamp, encoding: .utf8)) != wanted {
            try await Command.succeed("python3", ["-m", "venv", "--clear", folder], within: .seconds(120))
            try await Command.succeed(
                python,
                ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + packages,
                within: .seconds(400)
            )
            try wanted.write(toFile: stamp, atomically: true, encoding: .utf8)
        }
        return PythonEnvironment(python: python)
    }
}
