// What is known of a model: what it can do, how much it takes, what it costs.

package import JSON

/// How a model is told of tools.
package enum ToolMode: String, Sendable, Hashable, CaseIterable {
    /// Tool calls are part of its protocol.
    case native
    /// It has none: tools are described in the prompt, and its answer is read for a call.
    case prompted
    /// It gets no tools.
    case none
}

/// Money for a million tokens, in millionths of the currency unit, so that sums are exact.
package struct ModelPrice: Sendable, Hashable {
    package var input: Int64
    package var output: Int64
    /// For input that the provider had cached; nil: as `input`.
    package var cachedInput: Int64?
    /// For writing the provider's cache; nil: as `input`.
    package var cacheWrite: Int64?

    package init(input: Int64, output: Int64, cachedInput: Int64? = nil, cacheWrite: Int64? = nil) {
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
        self.cacheWrite = cacheWrite
    }
}

/// A model of a provider, as configured or as shipped.
package struct ModelProfile: Sendable, Hashable {
    /// `provider/model`.
    package var name: String
    /// Tokens of prompt and answer together; nil: not known.
    package var contextTokens: Int?
    /// Tokens of an answer; nil: not known. Claude's `max_tokens` where a request has none, and its bound.
    package var maximumOutputTokens: Int?
    package var toolMode: ToolMode
    package var takesImages: Bool
    package var writesJSONSchema: Bool
    package var reasons: Bool
    package var embeds: Bool
    package var price: ModelPrice?
    /// Members of every request to it, where its provider speaks the OpenAI protocol; a request's own win.
    package var extra: JSONObject

    package init(
        name: String,
        contextTokens: Int? = nil,
        maximumOutputTokens: Int? = nil,
        toolMode: ToolMode = .native,
        takesImages: Bool = true,
        writesJSONSchema: Bool = true,
        reasons: Bool = false,
        embeds: Bool = false,
        price: ModelPrice? = nil,
        extra: JSONObject = [:]
    ) {
        self.name = name
        self.contextTokens = contextTokens
        self.maximumOutputTokens = maximumOutputTokens
        self.toolMode = toolMode
        self.takesImages = takesImages
        self.writesJSONSchema = writesJSONSchema
        self.reasons = reasons
        self.embeds = embeds
        self.price = price
        self.extra = extra
    }
}
