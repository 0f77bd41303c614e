// swift-tools-version: 6.2
import PackageDescription

// The house of ARCHITECTURE.md, bottom up. Arrows go down only; features never import each other.
// Every target is built without full Foundation (FoundationEssentials at most): full Foundation costs 40 MB of ICU data.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What is not on a hot path is compiled for size: the binary is one file for all of it.
let small: [SwiftSetting] = strict + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// What is on the hot path of requests: small functions of one room are inlined in another, and the run-time checks of
/// exclusive access, which cost a tenth there, are left out. Each object of these rooms belongs to one thread.
let fast: [SwiftSetting] =
    strict + [
        .unsafeFlags(
            ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release))
    ]

func room(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

let package = Package(
    name: "apus",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "apus", targets: ["apus"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0", traits: []),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    ],
    targets: [
        // ground
        .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CAres", linkerSettings: [.linkedLibrary("cares")]),
        .target(name: "CLinux"),
        room("Base"),
        room("Terminal", ["Base"]),
        room("Settings", ["Base", "CYAML"]),
        room("Resilience", ["Base", "Settings"]),
        room("Compression", ["Base", "CZlib", "CZstd"]),
        room(
            "Telemetry",
            [
                "Base", "Settings", "Resilience", "Compression", logging, metrics, tracing,
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Tracing/Generated/README.md", "Tracing/Generated/descriptors.py"]),
        room("Profiling", ["Base", "CLinux"]),
        room(
            "HTTPTransport",
            [
                "Base", nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ]),
        room("Age", ["Base", crypto], settings: small),
        room("HTTPWire", ["Base"], settings: fast),
        room(
            "TLSWire",
            [
                "Base", "HTTPWire", nioCore, nioEmbedded, nioSSL, crypto,
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        room(
            "HTTP2Wire",
            [
                "Base", "HTTPWire", nioCore, nioEmbedded,
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ]),
        room("Reactor", ["Base", "HTTPWire", "CLinux"], settings: fast),
        // what features stand on
        room("CloudAPI", ["Base", "Settings", "Resilience", crypto], settings: small),
        room("Envelope", ["Base", "CloudAPI", crypto], settings: small),
        room("ObjectStore", ["Base", "Settings", "Resilience", "CloudAPI", crypto], settings: small),
        room("SSHTransport", ["Base"], settings: small),
        room(
            "Daemon",
            [
                "Base", "Settings", "Resilience", "Telemetry", "Compression", "Profiling", "HTTPTransport", "CLinux",
                nioCore, nioPosix, logging, metrics, tracing,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        // features
        room(
            "HostMetrics",
            [
                "Base", "Terminal", "Settings", "Resilience", "Telemetry", "HTTPTransport", "Daemon", "CLinux", logging,
                tracing,
            ]),
        room(
            "HostSync",
            [
                "Base", "Terminal", "Settings", "Compression", "Telemetry", "HTTPTransport", "Daemon", "SSHTransport",
                "Age", logging, crypto,
            ], settings: small),
        room(
            "LogArchive",
            [
                "Base", "Terminal", "Settings", "Resilience", "Compression", "Telemetry", "HTTPTransport", "CloudAPI",
                "Envelope", "ObjectStore", "Daemon", "CLinux", logging, crypto,
            ], settings: small),
        room(
            "Gateway",
            [
                "Base", "Terminal", "Settings", "Resilience", "Telemetry", "HTTPWire", "TLSWire", "HTTP2Wire",
                "Reactor",
                "Daemon", "CLinux", logging,
            ], settings: fast),
        // The contents are embedded from packaging/ and examples/, to which Resources holds links.
        .target(
            name: "HostInstall", dependencies: ["Base"],
            resources: [
                .embedInCode("Resources/apus.service"), .embedInCode("Resources/apus.socket"),
                .embedInCode("Resources/notify-reload.conf"), .embedInCode("Resources/sysusers.conf"),
                .embedInCode("Resources/tmpfiles.conf"), .embedInCode("Resources/apus.yaml"),
                .embedInCode("Resources/logsyncd.service"),
            ],
            swiftSettings: strict),
        // the executable
        .executableTarget(
            name: "apus",
            dependencies: [
                "Base", "Terminal", "Settings", "Telemetry", "Daemon", "HostMetrics", "HostSync", "HostInstall",
                "LogArchive", "Gateway", "Envelope", "ObjectStore", "CloudAPI", "Compression", "CAres", "Age",
                "HTTPTransport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: small),
        // benchmarks
        .executableTarget(
            name: "bench-metrics", dependencies: ["Base", "Telemetry"], path: "Benchmarks/metrics",
            exclude: ["run.py", "run.sh", "peer.py", "peer-go"], swiftSettings: strict),
        // tests
        .target(name: "TestKit", dependencies: ["Base"], swiftSettings: strict),
        tests("Base", ["Base", "TestKit"]),
        tests("Tidy", ["Base", "TestKit"]),
        tests("Resilience", ["Base", "Settings", "Resilience", "TestKit"]),
        tests("Settings", ["Base", "Settings", "TestKit"], exclude: ["Golden"]),
        tests("Compression", ["Base", "Compression", "TestKit"]),
        tests(
            "Telemetry",
            [
                "Base", "Settings", "Resilience", "Telemetry", "Compression", "TestKit", "bench-metrics", logging,
                metrics,
                tracing, .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Tracing/Golden"]),
        tests("Terminal", ["Base", "Terminal", "TestKit"]),
        tests("Profiling", ["Base", "Profiling", "CLinux", "CAres", "TestKit"]),
        tests(
            "HostMetrics",
            [
                "Base", "Terminal", "Settings", "Resilience", "Telemetry", "Daemon", "HostMetrics", "TestKit", logging,
            ],
            exclude: ["Golden"]),
        tests("Age", ["Base", "Age", "TestKit", crypto]),
        tests("SSHTransport", ["Base", "SSHTransport", "TestKit"]),
        tests(
            "HostSync", ["Base", "Settings", "Terminal", "SSHTransport", "HostSync", "TestKit", crypto],
            exclude: ["Golden"]),
        tests("CloudAPI", ["Base", "CloudAPI", "HTTPTransport", "TestKit", crypto]),
        tests("Envelope", ["Base", "CloudAPI", "Envelope", "TestKit", crypto]),
        tests(
            "ObjectStore",
            ["Base", "Settings", "Resilience", "CloudAPI", "ObjectStore", "HTTPTransport", "TestKit", crypto]),
        tests(
            "LogArchive",
            [
                "Base", "Settings", "Resilience", "Compression", "Terminal", "CloudAPI", "Envelope", "ObjectStore",
                "LogArchive", "TestKit", crypto,
            ],
            exclude: ["Import/Golden"]),
        tests("HTTPWire", ["Base", "HTTPWire", "TestKit"]),
        tests("TLSWire", ["Base", "HTTPWire", "TLSWire", "TestKit"]),
        tests(
            "HTTP2Wire",
            [
                "Base", "HTTPWire", "HTTP2Wire", "TestKit", nioCore,
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
            ]),
        tests("Reactor", ["Base", "HTTPWire", "Reactor", "TestKit"]),
        tests(
            "Gateway",
            [
                "Base", "Settings", "Resilience", "Telemetry", "Daemon", "HTTPWire", "Reactor", "Gateway", "TestKit",
                logging,
            ]),
        tests("HostInstall", ["Base", "HostInstall", "TestKit"]),
        tests("Daemon", ["Base", "Settings", "Resilience", "Telemetry", "Daemon", "TestKit"]),
        tests("Apus", ["apus", "Base", "HTTPTransport", "TestKit"]),
    ]
)
