// swift-tools-version: 6.2
// The rooms of OpsGate and which way they may look. The map in words is Sources/README.md.

import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

/// What was hard to decide in a room is told in its own README, which is no source.
func readme(in folder: String) -> [String] {
    FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(folder)/README.md") ? ["README.md"] : []
}

/// A room: a library target under `Sources/`.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], explained part: String? = nil) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        exclude: readme(in: "Sources/\(name)") + (part.map { ["\($0)/README.md"] } ?? []),
        swiftSettings: settings
    )
}

/// The tests of a room, under `Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency], explained part: String? = nil) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: part.map { ["\($0)/README.md"] } ?? [],
        swiftSettings: settings
    )
}

let package = Package(
    name: "opsgate",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "opsgate", targets: ["opsgate"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        // Floor 0: bytes in, bytes out.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CMimalloc", providers: [.apt(["libmimalloc-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // Regular expressions in linear time, whatever people write; C++ behind a header of ours.
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        room("JSON"),
        room("YAML", [yams]),
        room("Loops", ["CEpoll"]),
        room("HTTPTransport", ["CCurl", "Loops"]),
        room("HTTPServer", ["Loops", .product(name: "HTTPTypes", package: "swift-http-types")]),
        room("OpenAIProtocol", ["JSON"]),
        room("Storage", ["CSQLite", "CPostgreSQL"]),
        // Floor 1: who calls, and a tool as a value.
        room(
            "Identity",
            [
                "JSON", "Storage",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]
        ),
        room("Tools", ["JSON", "Identity"]),
        // Floor 2: to the models; one declaration, many faces.
        room("Providers", ["JSON", "OpenAIProtocol", "HTTPTransport", "Identity"], explained: "Offline"),
        room("Resources", ["JSON", "Storage", "Identity"]),
        // Floor 3.
        room("Accounts", ["JSON", "Storage", "Identity", "Resources"]),
        room(
            "Notifications",
            [
                "JSON", "HTTPTransport", "Storage", "Identity", "Resources", logging,
                .product(name: "Mustache", package: "swift-mustache"),
            ]
        ),
        // Floor 4.
        room("Alerts", ["JSON", "Storage", "Identity", "Tools", "Resources", "Notifications", "CRE2", logging]),
        // Floor 5.
        room(
            "Conversation",
            ["JSON", "YAML", "OpenAIProtocol", "Providers", "Resources", "Tools", "Identity", "Storage", logging]
        ),
        // Floor 6.
        room(
            "Gateway",
            [
                "JSON", "HTTPTransport", "OpenAIProtocol", "Storage", "Identity", "Tools", "Providers", "Resources",
                "Accounts", "Notifications", "Alerts", "Conversation", "HTTPServer", "Loops", logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        // Floor 7.
        .executableTarget(
            name: "opsgate",
            dependencies: [
                "JSON", "HTTPTransport", "OpenAIProtocol", "Storage", "Identity", "Tools", "Providers", "Resources",
                "Accounts", "Notifications", "Alerts", "Conversation", "Gateway", "Loops", "YAML", "CMimalloc", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // What the tests share, and the upstream that can misbehave.
        .target(name: "Support", path: "Tests/Support", swiftSettings: settings),
        .executableTarget(
            name: "scripted-upstream",
            dependencies: [
                nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/ScriptedUpstream",
            exclude: readme(in: "Tests/ScriptedUpstream"),
            swiftSettings: settings
        ),
        tests("JSONTests", ["JSON"]),
        tests("LoopsTests", ["Loops", "Support"]),
        tests("HTTPTransportTests", ["HTTPTransport", "Loops", "Support"]),
        tests(
            "HTTPServerTests",
            [
                "HTTPServer", "Loops", "Support", nioCore,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),
        tests("OpenAIProtocolTests", ["OpenAIProtocol", "JSON"]),
        tests("StorageTests", ["Storage", "Support"]),
        tests("IdentityTests", ["Identity", "Accounts", "Resources", "Storage", "JSON", "Support"]),
        tests("ToolsTests", ["Tools", "Identity", "JSON"]),
        tests("ResourcesTests", ["Resources", "Storage", "Identity", "JSON", "Support"]),
        tests("ProvidersTests", ["Providers", "OpenAIProtocol", "HTTPTransport", "Identity", "JSON", "Support"]),
        tests(
            "NotificationsTests",
            ["Notifications", "HTTPTransport", "Resources", "Storage", "Identity", "JSON", "Support", logging]
        ),
        tests(
            "AlertsTests",
            ["Alerts", "Notifications", "Resources", "Tools", "Storage", "Identity", "JSON", "Support"]
        ),
        tests(
            "ConversationTests",
            [
                "Conversation", "Providers", "Tools", "OpenAIProtocol", "HTTPTransport", "Identity", "Storage",
                "Resources", "JSON", "YAML",
                "Support", logging,
            ]
        ),
        tests(
            "GatewayTests",
            [
                "Gateway", "Conversation", "OpenAIProtocol", "Providers", "Identity", "JSON",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        tests("SupportTests", ["Support", "scripted-upstream"]),
        tests("EndToEnd", ["JSON", "Support", "opsgate", "scripted-upstream"], explained: "FailureModes"),
    ]
)
