// The content of OpenAI messages: texts, images, files.

import JSON

extension Talk {
    /// - Parameter place: the member, for the failure.
    static func parts(_ content: JSONView?, place: String, provider: String) throws(ProviderFailure) -> [Part] {
        guard let content else { return [] }
        if let text = content.string { return text.isEmpty ? [] : [.text(text)] }
        var parts: [Part] = []
        for (index, part) in content.elements.enumerated() {
            let place = "\(place)[\(index)]"
            switch part["type"]?.string {
            case "text", "input_text", "output_text":
                if let text = part["text"]?.string, !text.isEmpty { parts.append(.text(text)) }
            case "refusal":
                if let text = part["refusal"]?.string, !text.isEmpty { parts.append(.text(text)) }
            case "image_url":
                let url = part["image_url"]?["url"]?.string ?? part["image_url"]?.string ?? ""
                parts.append(try source(url, place: "\(place).image_url.url", provider: provider))
            case "file":
                guard let data = part["file"]?["file_data"]?.string else {
                    throw refusal("files by id are not known to it", place: "\(place).file", provider: provider)
                }
                parts.append(try source(data, place: "\(place).file.file_data", provider: provider))
            case "input_audio":
                guard let data = part["input_audio"]?["data"]?.string else { continue }
                parts.append(.data(type: "audio/\(part["input_audio"]?["format"]?.string ?? "wav")", base64: data))
            default:
                throw refusal(
                    "it does not take content of the type \((part["type"]?.string ?? "").bounded(to: 40))",
                    place: "\(place).type",
                    provider: provider
                )
            }
        }
        return parts
    }

    /// A `data:` URL (RFC 2397) in base64, or an address that the upstream fetches itself.
    private static func source(_ url: String, place: String, provider: String) throws(ProviderFailure) -> Part {
        guard url.hasPrefix("data:") else {
            guard url.hasPrefix("https://") || url.hasPrefix("http://") || url.hasPrefix("gs://") else {
                throw refusal("it is no URL of data, http or https", place: place, provider: provider)
            }
            return .url(url)
        }
        let rest = url.dropFirst(5)
        guard let comma = rest.firstIndex(of: ","), rest[..<comma].hasSuffix(";base64") else {
            throw refusal("a data URL must be in base64", place: place, provider: provider)
        }
        let type = rest[..<comma].split(separator: ";").first.map { String($0).lowercased() } ?? ""
        return .data(type: type == "image/jpg" ? "image/jpeg" : type, base64: String(rest[rest.index(after: comma)...]))
    }

    /// What a provider cannot be given; the field is named.
    static func refusal(_ why: String, place: String, provider: String) -> ProviderFailure {
        .unsupported(
            "The provider \(provider) cannot take '\(place)': \(why).",
            provider: provider,
            parameter: place,
            code: "unsupported_content"
        )
    }
}
