// A request for embeddings, checked.

package import JSON

/// A checked request body of `POST …/embeddings`.
package struct EmbeddingRequest: Sendable {
    /// How the vectors are written. openai-python and openai-node ask for base64 unless told otherwise (`clients.md`
    /// 2.6).
    package enum Encoding: String, Sendable, CaseIterable {
        case float
        /// Little-endian 32-bit floats.
        case base64
    }

    /// A model route or `provider/model`.
    package let model: String
    /// A string, strings, token ids, or lists of token ids.
    package let input: JSONValue
    /// How many vectors are wanted.
    package let count: Int
    /// The input in tokens: token ids counted, texts estimated, four bytes to one.
    package let estimatedTokens: Int
    package let encoding: Encoding
    package let dimensions: Int?
    package let user: String?
    /// Members of vendors (`input_type`, `truncate`), as they came: for upstreams of this protocol.
    package let vendorMembers: [ChatRequest.Parameter]
    /// Members that nobody knows; named in a response header, never refused.
    package let ignored: [String]

    /// Inputs of one request at the most, as with OpenAI.
    package static let maximumInputs = 2048
    /// Tokens of one request at the most, as with OpenAI: over all inputs.
    package static let maximumTokens = 300_000

    /// - Throws: `OpenAIError` 400 with the field in `param`.
    package init(parsing body: [UInt8]) throws(OpenAIError) {
        let document = try JSONDocument(ofRequest: body, depth: 8)
        var model: String?
        var input: JSONView?
        var encoding = Encoding.float
        var dimensions: Int?
        var user: String?
        var vendor = VendorMembers()
        var ignored = IgnoredMembers()
        for member in document.root.members {
            let (name, value) = (member.key, member.value)
            guard let shape = Self.shapes[name] else {
                // Some servers read names without regard to case.
                let isOurs = Self.shapes[name.lowercased()] != nil
                if isOurs || !vendor.take(name, document.bytes[value.range]) { ignored.insert(name) }
                continue
            }
            if value.isNull, name != "input", name != "model" { continue }
            if let fault = shape.fault(value, named: name) {
                throw .invalid(fault, param: name, code: "invalid_type")
            }
            switch name {
            case "model": model = value.string
            case "input": input = value
            case "encoding_format": encoding = value.string.flatMap(Encoding.init) ?? .float
            case "dimensions": dimensions = value.int
            default: user = value.string
            }
        }
        guard let model else { throw .invalid("You must provide a model parameter.", param: "model") }
        guard model.utf8.count <= 256 else { throw .invalid("Invalid 'model': at most 256 bytes.", param: "model") }
        guard let input else { throw .invalid("Missing required parameter: 'input'.", param: "input") }
        (count, estimatedTokens) = try Self.measure(input)
        self.model = model
        self.input = input.value
        self.encoding = encoding
        self.dimensions = dimensions
        self.user = user
        vendorMembers = vendor.members
        self.ignored = ignored.names
    }

    /// Whether a member that is configured for all requests of a model or provider belongs in one for embeddings: those of
    /// chats do not.
    package static func mayBeConfigured(_ name: String) -> Bool {
        shapes[name] != nil || ChatParameters.table[name.lowercased()] == nil
    }

    private static let shapes: [String: ParameterShape] = [
        "model": .string, "input": .any, "encoding_format": .oneOf(Encoding.allCases.map(\.rawValue)),
        "dimensions": .integer(1...65_536), "user": .string,
    ]

    /// Checks the input before any of it is made into values: a body of token ids is a million of them.
    private static func measure(_ input: JSONView) throws(OpenAIError) -> (count: Int, tokens: Int) {
        switch input.kind {
        case .string: return (1, try tokens(ofText: input, "input"))
        case .array: break
        default:
            throw invalid("'input' must be a string, an array of strings, or one of token ids.", "input")
        }
        guard let first = input[0] else {
            throw .invalid("'input' cannot be an empty array.", param: "input")
        }
        if first.kind == .number { return (1, try tokens(ofIDs: input, "input")) }
        guard input.count <= maximumInputs else {
            throw .invalid("Invalid 'input': at most \(maximumInputs) inputs, not \(input.count).", param: "input")
        }
        var sum = 0
        for (index, element) in input.elements.enumerated() {
            let path = "input[\(index)]"
            guard element.kind == first.kind else {
                throw invalid("Invalid type for '\(path)': all inputs must be of one kind.", path)
            }
            switch element.kind {
            case .string: sum += try tokens(ofText: element, path)
            case .array: sum += try tokens(ofIDs: element, path)
            default: throw invalid("Invalid type for '\(path)': expected a string or an array of token ids.", path)
            }
            // Texts are an estimate: the upstream counts them.
            if sum > maximumTokens, element.kind == .array { throw tooMany }
        }
        return (input.count, sum)
    }

    private static func tokens(ofText view: JSONView, _ path: String) throws(OpenAIError) -> Int {
        // Without the quotes.
        let bytes = view.range.count - 2
        guard bytes > 0 else { throw .invalid("'\(path)' cannot be an empty string.", param: path) }
        return TokenEstimate.tokens(bytes: bytes)
    }

    private static func tokens(ofIDs view: JSONView, _ path: String) throws(OpenAIError) -> Int {
        let count = view.count
        guard count > 0 else { throw .invalid("'\(path)' cannot be an empty array.", param: path) }
        guard count <= maximumTokens else { throw tooMany }
        for (index, id) in view.elements.enumerated() {
            guard let number = id.int, (0...Int(UInt32.max)).contains(number) else {
                throw invalid("Invalid '\(path)[\(index)]': expected a token id.", "\(path)[\(index)]")
            }
        }
        return count
    }

    private static var tooMany: OpenAIError {
        .invalid("Invalid 'input': at most \(maximumTokens) tokens in all.", param: "input")
    }

    private static func invalid(_ message: String, _ path: String) -> OpenAIError {
        .invalid(message, param: path, code: "invalid_type")
    }
}
