// A program run to its end.

/// What a finished program said.
package struct CommandResult: Sendable {
    package var status: ExitStatus
    package var output: String
    package var errors: String

    package init(status: ExitStatus, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }
}

/// Runs programs that end by themselves.
package enum Command {
    /// Runs a program and waits for its end.
    /// - Parameter input: what it reads from standard input; nil is nothing.
    /// - Throws: ``SupportError`` if it cannot start or has not ended in time. Another exit status is no error here.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        folder: String? = nil,
        input: String? = nil,
        within limit: Duration = .patience
    ) async throws -> CommandResult {
        let files = try TemporaryFolder("command")
        let process = try await ChildProcess.start(
            executable,
            arguments,
            environment: environment,
            folder: folder,
            log: files.file("output"),
            errors: files.file("errors"),
            hasInput: input != nil
        )
        if let input {
            try process.send(input)
            process.closeInput()
        }
        let status: ExitStatus
        do {
            status = try await process.wait(within: limit)
        } catch {
            let errors = (try? files.read("errors")) ?? ""
            throw SupportError("\(error)\nits errors:\n\(errors.suffix(4000))")
        }
        return CommandResult(status: status, output: try files.read("output"), errors: try files.read("errors"))
    }

    /// Like ``run(_:_:environment:folder:input:within:)``, but another status than 0 is an error with all that was said.
    @discardableResult
    package static func succeed(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        folder: String? = nil,
        within limit: Duration = .patience
    ) async throws -> CommandResult {
        let result = try await run(executable, arguments, environment: environment, folder: folder, within: limit)
        guard result.status.isSuccess else {
            throw SupportError(
                "\(executable) \(arguments.joined(separator: " ")): \(result.status)\n\(result.output)\n\(result.errors)"
            )
        }
        return result
    }
}
