// Embeddings in OpenAI's form: for every compatible server and for Azure.

import HTTPTransport
import Identity
import JSON
import OpenAIProtocol

/// Writes and reads `POST …/embeddings`.
enum OpenAIEmbeddings {
    /// Vectors as lists of numbers, which every server writes; `base64` only some do.
    /// - Parameter extra: what is configured for the provider's requests. Of several of one name the request's wins, then
    ///   the model's.
    static func body(of call: EmbeddingCall, model: String, extra: JSONObject = [:]) -> [UInt8] {
        var root: JSONObject = ["model": .string(model), "input": call.input, "encoding_format": "float"]
        if let dimensions = call.dimensions { root["dimensions"] = .integer(dimensions) }
        if let user = call.user { root["user"] = .string(user) }
        // None has a name of those above (`EmbeddingRequest`).
        for member in call.vendorMembers { root[member.name] = try? JSONValue(parsing: member.json) }
        for (name, value) in call.extra.members + extra.members
        where root[name] == nil && EmbeddingRequest.mayBeConfigured(name) {
            root[name] = value
        }
        return JSONValue.object(root).bytes
    }

    /// - Throws: `malformed` when it is not one vector for each input.
    static func read(_ body: [UInt8], count: Int, provider: String) throws(ProviderFailure) -> EmbeddingAnswer {
        let answer = EmbeddingBody(provider: provider)
        let root = try answer.root(body)
        guard let data = root["data"], data.kind == .array else { throw answer.malformed }
        var vectors = [[Float]?](repeating: nil, count: count)
        for (position, entry) in data.elements.enumerated() {
            let index = entry["index"]?.int ?? position
            guard vectors.indices.contains(index) else { throw answer.malformed }
            vectors[index] = try answer.vector(entry["embedding"])
        }
        let all = vectors.compactMap { $0 }
        guard all.count == count else { throw answer.malformed }
        return EmbeddingAnswer(vectors: all, usage: root["usage"].flatMap { Usage($0) })
    }
}

/// Reading that all forms have in common.
struct EmbeddingBody {
    let provider: String

    var malformed: ProviderFailure {
        ProviderFailure(
            .malformed,
            "The provider \(provider) did not answer with a vector for each input.",
            provider: provider
        )
    }

    func root(_ body: [UInt8]) throws(ProviderFailure) -> JSONView {
        guard let root = try? JSONDocument(parsing: body).root, root.kind == .object else { throw malformed }
        if let error = root["error"], !error.isNull { throw .from(error: error, status: nil, provider: provider) }
        return root
    }

    func vector(_ view: JSONView?) throws(ProviderFailure) -> [Float] {
        guard let view, view.kind == .array else { throw malformed }
        var vector: [Float] = []
        for element in view.elements {
            // A double may be finite and too large for a float.
            guard let value = element.double.map({ Float($0) }), value.isFinite else { throw malformed }
            vector.append(value)
        }
        guard !vector.isEmpty else { throw malformed }
        return vector
    }
}

extension EmbeddingCall {
    /// How many vectors are wanted: a list of numbers is one text in tokens.
    var count: Int {
        guard let elements = input.array else { return 1 }
        return elements.first?.kind == .number ? 1 : elements.count
    }

    /// The same as a model call's frame, for headers and bounds.
    var frame: ModelCall {
        var call = ModelCall(
            model: model,
            messages: [],
            stream: false,
            requestID: requestID,
            credential: credential,
            timeouts: timeouts,
            traceParent: traceParent
        )
        call.traceState = traceState
        return call
    }
}

extension UpstreamExchange {
    /// Sends an embedding call to a server of the OpenAI protocol. One that does not know vendors' members is asked without.
    ///
    /// - Parameter model: as the server calls it.
    func embed(
        _ call: EmbeddingCall,
        url: String,
        model: String,
        presenting presentation: (String) -> (name: String, value: String)
    ) async throws(ProviderFailure) -> EmbeddingAnswer {
        let (headers, key) = opening(of: call.frame, presentation)
        var call = call
        var dropped: [String] = []
        while true {
            let body = OpenAIEmbeddings.body(of: call, model: model, extra: configuration.extra)
            do {
                let bytes = try await embed(call, url: url, headers: headers, body: body, secret: key)
                var answer = try OpenAIEmbeddings.read(bytes, count: call.count, provider: provider)
                answer.dropped = dropped
                return answer
            } catch {
                guard call.vendorMembers.contains(where: { error.doesNotKnow($0.name) }) else { throw error }
                dropped = call.vendorMembers.map(\.name)
                call.vendorMembers = []
            }
        }
    }

    /// Sends an embedding call and returns the answer's body.
    func embed(
        _ call: EmbeddingCall,
        url: String,
        headers: HeaderLines,
        body: [UInt8],
        secret: Secret?
    ) async throws(ProviderFailure) -> [UInt8] {
        var request = TransferRequest(
            url: url,
            headers: headers,
            body: body,
            timeouts: (call.timeouts ?? configuration.timeouts).forWholeAnswer,
            version: .http2WhenWhole
        )
        request.refusesLinkLocal = refusesLinkLocal
        do {
            return try await fetch(request)
        } catch {
            throw error.hiding(secret)
        }
    }
}
