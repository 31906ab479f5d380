// `opsgate openapi`: the API's description.

import ArgumentParser
import Gateway

struct OpenAPICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Print the OpenAPI document.",
        discussion: "EXAMPLE\n  opsgate openapi > openapi.json"
    )

    @OptionGroup var store: StoreOptions

    func run() async throws {
        try await Assembly.with(try store.settings()) { assembly in
            print(String(decoding: GatewayServer.description(assembly.services), as: UTF8.self))
        }
    }
}
