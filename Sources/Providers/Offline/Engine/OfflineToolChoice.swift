// What `tool_choice` asks of the offline model.

import JSON

/// The request's `tool_choice`, read.
enum OfflineToolChoice: Sendable, Hashable {
    case auto
    case none
    case required
    case named(String)

    /// The choice and, for `allowed_tools`, the names that may be called.
    ///
    /// - Throws: `ProviderFailure.badRequest` for a name that is not among the tools.
    static func read(
        _ value: JSONValue?,
        tools: [ModelTool],
        provider: String
    ) throws(ProviderFailure) -> (choice: OfflineToolChoice, allowed: [String]?) {
        guard let value, !value.isNull else { return (.auto, nil) }
        switch value.string {
        case "auto": return (.auto, nil)
        case "none": return (.none, nil)
        case "required", "any": return (.required, nil)
        default: break
        }
        if let name = (value["function"]?["name"] ?? value["custom"]?["name"] ?? value["name"])?.string {
            guard tools.contains(where: { $0.name == name }) else {
                throw ProviderFailure(
                    .badRequest,
                    "Invalid 'tool_choice': no tool is called '\(name)'.",
                    provider: provider,
                    parameter: "tool_choice"
                )
            }
            return (.named(name), nil)
        }
        if let allowed = value["allowed_tools"] {
            let names = (allowed["tools"]?.array ?? []).compactMap { ($0["function"]?["name"] ?? $0["name"])?.string }
            return (allowed["mode"]?.string == "required" ? .required : .auto, names)
        }
        return (.auto, nil)
    }
}
