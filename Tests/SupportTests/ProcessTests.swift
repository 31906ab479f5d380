// Processes of tests: their output, their end, and that they end with the test process.
import Foundation
import Glibc
import Support
import Testing

@Suite struct ProcessTests {
    @Test func outputAndStatus() async throws {
        let result = try await Command.run(
            "sh",
            ["-c", "read x; echo got $x; echo bad >&2; exit 3"],
            input: "word\n"
        )
        #expect(result.status == .exited(3))
        #expect(result.output == "got word\n")
        #expect(result.errors == "bad\n")
    }

    @Test func environmentAndFolder() async throws {
        let folder = try TemporaryFolder()
        let result = try await Command.succeed(
            "sh",
            ["-c", "pwd; echo $NAME"],
            environment: ["NAME": "v"],
            folder: folder.path
        )
        #expect(result.output == folder.path + "\nv\n")
    }

    @Test func waitsForALine() async throws {
        let process = try await ChildProcess.start(
            "sh",
            ["-c", "echo one; sleep 0.1; echo two three; sleep 60"]
        )
        #expect(try await process.waitForLine(containing: "two") == "two three")
        #expect(process.isRunning)
        #expect(try await process.terminate() == .signalled(SIGTERM))
        #expect(!process.isRunning)
    }

    @Test func aProgramThatEndsEarlyIsTold() async throws {
        let process = try await ChildProcess.start("sh", ["-c", "echo no luck; exit 1"])
        let error = try await #require(throws: SupportError.self) {
            try await process.waitForLine(containing: "never")
        }
        #expect(error.description.contains("no luck"))
        let missing = try await ChildProcess.start("no-such-program-at-all")
        #expect(try await missing.wait() == .exited(127))
    }

    @Test func theObjectsEndIsTheProcessEnd() async throws {
        var process: ChildProcess? = try await ChildProcess.start("sleep", ["60"])
        let id = try #require(process?.id)
        #expect(kill(id, 0) == 0)
        process = nil
        #expect(kill(id, 0) == -1)
    }

    /// The child is told when its parent dies, whatever thread of the parent asked for it.
    @Test func theParentsDeathIsTheChildsEnd() async throws {
        // A parent that is started in the same way and then killed hard: its own child must go too. The child speaks
        // once it has asked to be told.
        let parent = try await ChildProcess.start(
            "sh",
            ["-c", "setpriv --pdeathsig TERM sh -c 'echo child $$; exec sleep 600' & wait"]
        )
        let line = try await parent.waitForLine(containing: "child ")
        let child = try #require(pid_t(line.split(separator: " ")[1]))
        parent.signal(SIGKILL)
        try await eventually("the grandchild is gone", holds: { kill(child, 0) != 0 })
        // And ours carries the mark.
        let ours = try await ChildProcess.start(
            "python3",
            [
                "-c",
                "import ctypes as c; v = c.c_int(); "
                    + "c.CDLL(None).prctl(2, c.byref(v)); print('signal', v.value)",
            ]
        )
        #expect(try await ours.waitForLine(containing: "signal") == "signal 15")
    }

    @Test func noDescriptorsAreInherited() async throws {
        let folder = try TemporaryFolder()
        let leak = open(folder.path, O_RDONLY)  // without close-on-exec on purpose
        defer { close(leak) }
        let result = try await Command.succeed("ls", ["-l", "/proc/self/fd"])
        #expect(!result.output.contains(folder.path))
    }

    @Test func portsAreFreeAndDifferent() async throws {
        let ports = try (0..<50).map { _ in try FreePort.take() }
        #expect(Set(ports).count == 50)
        // A process that is just being started holds a copy of every descriptor until its exec.
        try await eventually("all are free", holds: { ports.allSatisfy(FreePort.isFree) })
    }

    @Test func foldersAreRemoved() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(try folder?.write("text", to: "a/b.txt"))
        #expect(try folder?.read("a/b.txt") == "text")
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func eventuallyGivesUp() async throws {
        let error = try await #require(throws: SupportError.self) {
            try await eventually("pigs fly", within: .milliseconds(30), holds: { false })
        }
        #expect(error.description.contains("pigs fly"))
    }
}
