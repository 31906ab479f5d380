// The registry: names, order, and that patterns grant what they say and never a tool that writes.

import Identity
import JSON
import Testing
import Tools

/// A tool that does nothing.
func idleTool(_ name: String, _ effect: ToolEffect = .read) -> Tool {
    Tool(
        name: name,
        summary: "Does nothing.",
        parameters: ["type": "object", "properties": [:], "additionalProperties": false],
        effect: effect,
        permission: "alerts.view"
    ) { _, _ in ToolResult() }
}

@Suite struct ToolRegistryTests {
    private func registry() throws -> ToolRegistry {
        try ToolRegistry([
            idleTool("node_restart", .write), idleTool("alerts_list"), idleTool("alert_get"), idleTool("alerts_count"),
            idleTool("alerts_close", .write),
        ])
    }

    @Test func theOrderIsFixed() throws {
        let names = ["alert_get", "alerts_close", "alerts_count", "alerts_list", "node_restart"]
        #expect(try registry().tools.map(\.name) == names)
        #expect(try ToolRegistry(names.reversed().map { idleTool($0) }).tools.map(\.name) == names)
    }

    @Test(arguments: [
        (["alerts_*"], ["alerts_count", "alerts_list"]), (["alert*"], ["alert_get", "alerts_count", "alerts_list"]),
        (["alerts_list"], ["alerts_list"]), (["*"], ["alert_get", "alerts_count", "alerts_list"]),
        (["node_restart"], ["node_restart"]), (["node_*"], []), (["node_restart*"], []), (["alerts_close*"], []),
        (["alerts_*", "alerts_list", "alerts_close"], ["alerts_close", "alerts_count", "alerts_list"]),
        ([], []), ([""], []), (["*_list"], []), (["alerts"], []), (["Alerts_list"], []),
    ]) func patterns(_ patterns: [String], _ granted: [String]) throws {
        #expect(try registry().granted(by: patterns).map(\.name) == granted)
    }

    @Test func slipsOfThePenAreFound() throws {
        #expect(
            try registry().unmatched(["alerts_*", "alrets_*", "node_*", "node_restart"]) == ["alrets_*", "node_*"]
        )
    }

    @Test func findsByName() throws {
        #expect(try registry()["alert_get"]?.name == "alert_get")
        #expect(try registry()["alert"] == nil)
        #expect(ToolRegistry.empty["alert_get"] == nil)
    }

    @Test func refusesTwoOfOneName() {
        #expect(throws: ToolRegistryError.duplicate("a")) { try ToolRegistry([idleTool("a"), idleTool("a", .write)]) }
    }

    @Test(arguments: ["", "A", "a-b", "a.b", "a b", "é", String(repeating: "a", count: 65)])
    func refusesNamesThatProvidersRefuse(_ name: String) {
        #expect(throws: ToolRegistryError.invalidName(name)) { try ToolRegistry([idleTool(name)]) }
    }

    @Test func aDefinitionIsWhatModelsAreTold() throws {
        let definition = try JSONValue(parsing: idleTool("alerts_list").definition)
        #expect(definition["type"] == "function")
        #expect(definition["function"]?["name"] == "alerts_list")
        #expect(definition["function"]?["description"] == "Does nothing.")
        #expect(definition["function"]?["parameters"]?["additionalProperties"] == false)
    }
}
