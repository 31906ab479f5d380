// The first look at a request's body: JSON, and an object.

package import JSON

extension JSONDocument {
    /// - Throws: `OpenAIError` 400 that says where the text is no JSON, or what it is instead of an object.
    package init(ofRequest body: [UInt8], depth: Int) throws(OpenAIError) {
        do {
            try self.init(parsing: body, limits: JSONLimits(depth: depth))
        } catch {
            throw .invalid(
                "We could not parse the JSON body of your request: \(error.message) (at byte \(error.offset)).",
                param: error.path.isEmpty ? nil : error.path
            )
        }
        guard root.kind == .object else {
            throw .invalid("The request body must be a JSON object, not \(root.kind.phrase).", param: nil)
        }
    }
}
