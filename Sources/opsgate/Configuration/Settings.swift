// Settings: flag before environment before file before default (DESIGN.md section 3).

import Foundation
import Gateway
import Identity
import Logging
import Providers
import YAML

/// Everything that can be set, read and checked once.
struct Settings: Sendable {
    var host: String
    var port: Int
    var data: String
    var databaseURL: String
    var bots: String
    var prompts: String
    /// `providers.yaml`, and whether somebody named it.
    var providers: (path: String, isNamed: Bool)
    /// What the environment makes of providers.
    var environmentProviders: ProviderCatalogue
    /// Where `${NAME}` in the provider file is looked up.
    var variables: [String: String]
    /// What tokens cost.
    var prices: String
    /// Whether budgets let models pass that have no price.
    var allowsUnpriced: Bool
    /// Opens `/metrics` to a Prometheus that has no API secret.
    var metricsToken: Secret?
    /// Where traces and metrics are sent; nil for nowhere.
    var telemetry: TelemetrySettings?
    var adminPassword: Secret?
    var adminSecret: Secret?
    var logLevel: Logger.Level
    var logFormat: LogFormat
    var openAI: OpenAI?
    var loadsDemo: Bool
    /// Whether responses are kept for clients that want to go on from them.
    var storesResponses: Bool
    var requestTime: Duration
    var drainTime: Duration
    /// Where people reach the gateway, for links in answers; without trailing slash, empty for relative links.
    var publicURL: String

    /// An OpenAI-compatible upstream for the route `default`.
    struct OpenAI: Sendable {
        var baseURL: String
        var apiKey: Secret?
        var model: String
    }

    /// What becomes of models without a price under a budget.
    enum UnpricedModels: String, Sendable {
        case refuse
        case allow
    }

    /// How log lines look.
    enum LogFormat: String, Sendable {
        case text
        case json
    }

    /// - Parameter flags: what the command line said, by the file's names.
    /// - Throws: `SettingsFault`, naming the setting and where it came from.
    init(flags: [String: String] = [:], environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let source = try SettingsSource(flags: flags, environment: environment)
        host = source.text("host") ?? "127.0.0.1"
        port = try source.integer("port", in: 0...65_535) ?? 18_001
        data = source.text("data") ?? "data"
        bots = source.text("bots") ?? "bots"
        prompts = source.text("prompts") ?? "prompts"
        providers = source.text("providers").map { ($0, true) } ?? ("providers.yaml", false)
        variables = environment
        prices = source.text("prices") ?? "prices.yaml"
        allowsUnpriced = try source.choice("unpriced_models") == UnpricedModels.allow
        metricsToken = source.text("metrics_token").map(Secret.init)
        do {
            telemetry = try TelemetrySettings(environment: environment)
        } catch {
            throw SettingsFault(error.description)
        }
        adminPassword = source.text("admin_password").map(Secret.init)
        adminSecret = source.text("admin_secret").map(Secret.init)
        loadsDemo = try source.boolean("demo") ?? false
        storesResponses = try source.boolean("responses_store") ?? true
        requestTime = .seconds(try source.integer("request_seconds", in: 1...3600) ?? 60)
        drainTime = .seconds(try source.integer("drain_seconds", in: 0...3600) ?? 20)
        publicURL = try Self.publicURL(source)
        logLevel = try source.choice("log_level") ?? .info
        logFormat = try source.choice("log_format") ?? .text
        databaseURL = source.text("database_url") ?? "sqlite:///\(data)/opsgate.sqlite"
        openAI = try Self.openAI(source)
        environmentProviders = try EnvironmentProviders(source, openAI: openAI).catalogue
    }

    private static func publicURL(_ source: SettingsSource) throws -> String {
        let url = source.text("public_url")?.withoutTrailingSlashes ?? ""
        guard url.isEmpty || url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw SettingsFault("public_url must begin with http:// or https://")
        }
        return url
    }

    private static func openAI(_ source: SettingsSource) throws -> OpenAI? {
        let key = source.text("openai_api_key", variable: "OPENAI_API_KEY")
        let base = source.text("openai_base_url", variable: "OPENAI_BASE_URL")
        guard key != nil || base != nil else { return nil }
        let baseURL = base ?? "https://api.openai.com/v1"
        guard baseURL.hasPrefix("http://") || baseURL.hasPrefix("https://") else {
            throw SettingsFault("OPENAI_BASE_URL must begin with http:// or https://")
        }
        return OpenAI(
            baseURL: baseURL,
            apiKey: key.map(Secret.init),
            model: source.text("openai_model", variable: "OPENAI_MODEL") ?? "gpt-4o-mini"
        )
    }
}

/// A setting that makes no sense.
struct SettingsFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The three places that a setting can come from.
struct SettingsSource {
    private let flags: [String: String]
    private let environment: [String: String]
    private let file: [String: String]

    private static let fileName = "opsgate.yaml"
    private static let names = [
        "host", "port", "data", "database_url", "bots", "prompts", "providers", "admin_password", "admin_secret",
        "demo",
        "request_seconds", "drain_seconds", "public_url", "log_level", "log_format", "openai_api_key",
        "openai_base_url", "openai_model", "anthropic_api_key", "anthropic_base_url", "anthropic_model",
        "gemini_api_key", "gemini_base_url", "gemini_model", "azure_openai_api_key", "azure_openai_endpoint",
        "azure_openai_deployment", "azure_openai_api_version", "openai_api_version", "ollama_host", "ollama_model",
        "prices", "unpriced_models", "metrics_token", "responses_store",
    ]

    init(flags: [String: String], environment: [String: String]) throws {
        self.flags = flags
        self.environment = environment
        guard FileManager.default.fileExists(atPath: Self.fileName) else {
            file = [:]
            return
        }
        try Self.checkOwner(of: Self.fileName)
        let text: String
        do {
            text = try String(contentsOfFile: Self.fileName, encoding: .utf8)
        } catch {
            throw SettingsFault("\(Self.fileName) cannot be read")
        }
        let root = try YAMLNode(parsing: text, file: Self.fileName)
        try root.allowOnly(Self.names)
        file = Dictionary(
            try root.members().map { ($0.key, try $0.value.string()) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The file decides where keys are sent: nobody else may have written it.
    static func checkOwner(of fileName: String) throws {
        let attributes = try? FileManager.default.attributesOfItem(atPath: fileName)
        let owner = (attributes?[.ownerAccountID] as? NSNumber)?.uint32Value ?? 0
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
        guard owner == 0 || owner == geteuid(), mode & 0o002 == 0 else {
            throw SettingsFault("\(fileName) belongs to another user or can be written by everybody; it is not read")
        }
    }

    /// A value that is not empty.
    func text(_ name: String, variable: String? = nil) -> String? {
        let variable = variable ?? "OPSGATE_" + name.uppercased()
        return [flags[name], environment[variable], file[name]].lazy.compactMap { $0 }.first { !$0.isEmpty }
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw SettingsFault(
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)"
            )
        }
        return value
    }

    func boolean(_ name: String) throws -> Bool? {
        switch text(name)?.lowercased() {
        case nil: return nil
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        case .some(let text): throw SettingsFault("\(name) must be true or false, not \(text)")
        }
    }

    func choice<Choice: RawRepresentable<String>>(_ name: String) throws -> Choice? {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else { throw SettingsFault("\(name): \(text) is not known") }
        return choice
    }
}
