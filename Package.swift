// swift-tools-version: 6.2
import PackageDescription

/// Every target of our own: Swift 6 language mode, and no warning survives a build.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "fxbatch",
  products: [.executable(name: "fxbatch", targets: ["fxbatch"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
  ],
  targets: [
    // Pure values: money, pricing, calendars, states, and the ledger's decisions.
    .target(name: "FXDomain", swiftSettings: house),
    // The protocols with two real implementations: store and bank.
    .target(
      name: "FXPorts",
      dependencies: ["FXDomain", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: house),
    // Exact JSON: numbers stay the text they are.
    .target(name: "FXJSON", swiftSettings: house),
    // What the HTTP API and the command line say of batches and trades, and read from requests.
    .target(
      name: "FXAPI", dependencies: ["FXDomain", "FXJSON", "FXPorts"], swiftSettings: house),
    // Files in and out: CSV.
    .target(name: "FXFiles", dependencies: ["FXDomain"], swiftSettings: house),
    // The batch engine: a pure core, and the shell that performs its actions.
    .target(
      name: "FXEngine",
      dependencies: [
        "FXDomain", "FXPorts", "FXFiles",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: house),
    .target(
      name: "FXStoreSQLite",
      dependencies: [
        "FXDomain", "FXPorts",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.embedInCode("Migrations")],
      swiftSettings: house),
    .target(
      name: "FXBankCapitec",
      dependencies: [
        "FXDomain", "FXPorts",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ], swiftSettings: house),
    .target(
      name: "FXBankSandbox",
      dependencies: [
        "FXDomain", "FXJSON",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Rates")],
      swiftSettings: house),
    // Notices and webhooks: what the log calls for, and how it goes out.
    .target(
      name: "FXNotify",
      dependencies: [
        "FXDomain", "FXPorts", "FXAPI", "FXEngine",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: house),
    // The HTTP API and the live feed.
    .target(
      name: "FXServer",
      dependencies: [
        "FXDomain", "FXJSON", "FXPorts", "FXAPI", "FXFiles", "FXEngine",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [
        .embedInCode("Docs/openapi.yaml"), .embedInCode("Docs/docs.css"),
        .embedInCode("Dashboard/Web"),
      ],
      swiftSettings: house),
    // A whole installation in memory, driven by a seed: store, bank, clock, network.
    .target(
      name: "FXSimulation",
      dependencies: [
        "FXDomain", "FXPorts", "FXEngine",
        .product(name: "HeapModule", package: "swift-collections"),
      ],
      swiftSettings: house),
    // Conformance suites that every implementation of a port must pass.
    .target(
      name: "FXTesting", dependencies: ["FXDomain", "FXPorts", "FXEngine"],
      swiftSettings: house),
    .executableTarget(
      name: "fxbatch",
      dependencies: [
        "FXDomain", "FXJSON", "FXPorts", "FXAPI", "FXFiles", "FXEngine", "FXStoreSQLite",
        "FXBankCapitec", "FXBankSandbox", "FXNotify", "FXServer", "FXSimulation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ], swiftSettings: house),
    // A tool of the tests: simulated worlds by the thousand, in a release build.
    .executableTarget(
      name: "fxsimulate",
      dependencies: [
        "FXSimulation", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: house),
    .testTarget(
      name: "FXDomainTests", dependencies: ["FXDomain"], exclude: ["Fixtures"],
      swiftSettings: house),
    .testTarget(name: "FXFilesTests", dependencies: ["FXFiles"], swiftSettings: house),
    .testTarget(
      name: "FXEngineTests",
      dependencies: [
        "FXEngine", "FXFiles", "FXSimulation", "FXTesting",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: house),
    .testTarget(
      name: "FXStoreTests",
      dependencies: [
        "FXStoreSQLite", "FXSimulation", "FXTesting",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: house),
    .testTarget(
      name: "FXBankTests",
      dependencies: [
        "FXBankCapitec", "FXBankSandbox", "FXJSON", "FXTesting",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: house),
    .testTarget(
      name: "FXBatchTests", dependencies: ["fxbatch", "FXDomain", "FXPorts", "FXSimulation"],
      swiftSettings: house),
    .testTarget(
      name: "FXNotifyTests",
      dependencies: [
        "FXNotify", "FXEngine", "FXSimulation", "FXTesting",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ], swiftSettings: house),
    .testTarget(
      name: "FXServerTests",
      dependencies: [
        "FXServer", "FXEngine", "FXFiles", "FXSimulation", "FXTesting",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ], swiftSettings: house),
    // A server of echoes, for the cases in Tests/WebSocket.
    .executableTarget(
      name: "fxecho",
      dependencies: [
        "FXServer",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ], path: "Tests/WebSocket/EchoServer", swiftSettings: house),
    .testTarget(name: "TidyTests", swiftSettings: house),
  ]
)
