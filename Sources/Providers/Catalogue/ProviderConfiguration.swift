// A provider as it is configured, wherever that was said: environment, store or file.

package import HTTPTransport
package import Identity
package import JSON

/// Which protocol a provider speaks; the raw values are the words of `providers.yaml`.
package enum ProviderKind: String, Sendable, Hashable, CaseIterable {
    case openAICompatible = "openai-compatible"
    case azureOpenAI = "azure-openai"
    case anthropic
    case gemini
    case offline

    /// Where the service is when nothing else is said; nil when it must be said.
    package var defaultBaseURL: String? {
        switch self {
        case .anthropic: "https://api.anthropic.com"
        case .gemini: "https://generativelanguage.googleapis.com"
        case .offline: ""
        case .openAICompatible, .azureOpenAI: nil
        }
    }

    /// Whether its requests may have members that are only configured.
    var takesExtra: Bool { self == .openAICompatible || self == .azureOpenAI }
}

/// Where a piece of configuration was said. A later case goes before an earlier one of the same name.
package enum ConfigurationOrigin: String, Sendable, Hashable, Comparable, CaseIterable {
    case environment
    case store
    /// Files win, and what they say cannot be changed over HTTP.
    case file

    package static func < (left: Self, right: Self) -> Bool {
        let order = Self.allCases
        return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}

/// How a key is shown to a service that takes it in more than one way.
package enum KeyPresentation: String, Sendable, Hashable, CaseIterable {
    /// `Authorization: Bearer …`
    case bearer
    /// The vendor's own header, Azure's `api-key`.
    case header
}

/// Bounds of a transfer of which only some are said.
package struct TimeoutSettings: Sendable, Hashable {
    package var connect: Duration?
    package var firstByte: Duration?
    package var idle: Duration?
    package var total: Duration?

    package init(
        connect: Duration? = nil,
        firstByte: Duration? = nil,
        idle: Duration? = nil,
        total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.total = total
    }

    package var isEmpty: Bool { self == TimeoutSettings() }

    /// These, and where they say nothing the other's.
    package func over(_ other: TimeoutSettings) -> TimeoutSettings {
        TimeoutSettings(
            connect: connect ?? other.connect,
            firstByte: firstByte ?? other.firstByte,
            idle: idle ?? other.idle,
            total: total ?? other.total
        )
    }

    /// With the transport's own bounds for what is not said.
    package var resolved: TransferTimeouts {
        let usual = TransferTimeouts()
        return TransferTimeouts(
            connect: connect ?? usual.connect,
            firstByte: firstByte ?? usual.firstByte,
            idle: idle ?? usual.idle,
            total: total ?? usual.total
        )
    }
}

/// One provider.
package struct ProviderSettings: Sendable {
    /// The first part of `provider/model`.
    package var name: String
    package var kind: ProviderKind
    /// As the adapter of the kind takes it: for OpenAI-compatible services up to and including `/v1`.
    package var baseURL: String
    /// Several are taken in turns. None for servers that need none.
    package var apiKeys: [Secret]
    /// A note of whose service it is (`deepseek`, `ollama`, …), kept and shown. Only `openai` does something, behind an
    /// address that is not OpenAI's: its streams are asked for without padding. What else a server does in its own way is
    /// found out.
    package var dialect: String?
    /// Azure's `api-version`, Anthropic's `anthropic-version`.
    package var apiVersion: String?
    /// Azure: the deployment for a model, where it has another name.
    package var deployments: [String: String]
    package var keyPresentation: KeyPresentation?
    /// Sent with every request. Their values may be secrets and are never shown.
    package var headers: [String: String]
    /// Members of every request to its models, where it speaks the OpenAI protocol. What a model's `extra` says wins, and
    /// over both what the request says. Shown as they are: no place for secrets.
    package var extra: JSONObject
    package var timeouts: TimeoutSettings
    /// Whether it is told the trace that a request belongs to.
    package var sendsTrace: Bool
    package var isActive: Bool
    package var origin: ConfigurationOrigin

    package init(
        name: String,
        kind: ProviderKind,
        baseURL: String? = nil,
        apiKeys: [Secret] = [],
        dialect: String? = nil,
        apiVersion: String? = nil,
        deployments: [String: String] = [:],
        keyPresentation: KeyPresentation? = nil,
        headers: [String: String] = [:],
        extra: JSONObject = [:],
        timeouts: TimeoutSettings = TimeoutSettings(),
        sendsTrace: Bool = true,
        isActive: Bool = true,
        origin: ConfigurationOrigin
    ) {
        self.name = name
        self.kind = kind
        self.baseURL = baseURL ?? kind.defaultBaseURL ?? ""
        self.apiKeys = apiKeys
        self.dialect = dialect
        self.apiVersion = apiVersion
        self.deployments = deployments
        self.keyPresentation = keyPresentation
        self.headers = headers
        self.extra = extra
        self.timeouts = timeouts
        self.sendsTrace = sendsTrace
        self.isActive = isActive
        self.origin = origin
    }

    /// Scheme, host and port of the base URL: where keys go. The URL itself when it cannot be told.
    package var destination: String { Self.destination(of: baseURL) }

    /// Scheme, host and port of a URL, in small letters. The URL itself when it cannot be told.
    package static func destination(of url: String) -> String {
        let lower = url.lowercased()
        guard let start = lower.firstRange(of: "://")?.upperBound else { return lower }
        return String(lower[..<start] + lower[start...].prefix { $0 != "/" })
    }

    /// The base URL for people: without user name and password.
    package var shownURL: String {
        guard let start = baseURL.firstRange(of: "://")?.upperBound,
            let at = baseURL[start...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return baseURL }
        return baseURL[..<start] + "***" + baseURL[at...]
    }
}

extension ProviderSettings: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.kind == right.kind && left.baseURL == right.baseURL
            && left.apiKeys.count == right.apiKeys.count
            && zip(left.apiKeys, right.apiKeys).allSatisfy { $0.matches($1) }
            && left.dialect == right.dialect && left.apiVersion == right.apiVersion
            && left.deployments == right.deployments && left.keyPresentation == right.keyPresentation
            && left.headers == right.headers && left.extra == right.extra && left.timeouts == right.timeouts
            && left.sendsTrace == right.sendsTrace && left.isActive == right.isActive && left.origin == right.origin
    }

    /// Without the keys, which nobody should be able to tell from a hash.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(kind)
        hasher.combine(baseURL)
    }
}
