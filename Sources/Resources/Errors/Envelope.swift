// The common envelope: {"code":0,"message":"success","data":…} and its counterpart for errors.

package import JSON

/// The bodies of every answer but those of the OpenAI, Anthropic, MCP and signed routes. Source: the seed, section
/// 2.2.5, and DESIGN.md section 3 ("Envelope"): an error's `code` is its HTTP status.
package enum Envelope {
    /// `{"code":0,"message":"success","data":…}`.
    package static func success(_ data: JSONValue, message: String = "success") -> JSONValue {
        ["code": 0, "message": .string(message), "data": data]
    }

    /// The bytes of a success around data that is JSON text already.
    package static func success(rawData: some Collection<UInt8>) -> [UInt8] {
        var writer = JSONWriter(capacity: rawData.count + 48)
        writer.beginObject()
        writer.key("code")
        writer.int(0)
        writer.key("message")
        writer.string("success")
        writer.key("data")
        writer.raw(rawData)
        writer.endObject()
        return writer.bytes
    }

    /// `{"code":<status>,"message":"…","data":null,"errors":[{"field","message"}]}`; `errors` may be empty.
    package static func failure(status: Int, message: String, errors: [FieldError] = []) -> JSONValue {
        [
            "code": .integer(Int64(status)), "message": .string(message), "data": nil,
            "errors": .array(errors.map { ["field": .string($0.field), "message": .string($0.message)] }),
        ]
    }

    /// The body for a failed request to a resource; its HTTP status is `error.status`.
    package static func failure(_ error: ResourceError) -> JSONValue {
        failure(status: error.status, message: error.message, errors: error.errors)
    }
}
