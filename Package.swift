// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]
/// For the composition root, which imports everything: there the compiler takes the system's C types for those of NIO's own
/// C modules, which nobody can import.
let root: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// Built into the program. A new theme: its file in themes/, its name here, and a line in `BuiltinThemes`; `ThemeTests` says
/// which of the three is missing.
let themes = [
  "flightdeck-dark", "flightdeck-light", "flightdeck-contrast",
  "hangar", "altitude", "cirrus", "noon", "beacon-dark", "beacon-light", "radar-amber",
]

/// Built into the program. A new profile: its file in Sources/flightdeck/Profiles, its name here, and a line in `BuiltinProfiles`.
let profiles = ["claude-code", "mini-swe-agent", "vibe"]

/// A release carries the Swift libraries in itself: it runs where there is no Swift, and starts in half the time, which each
/// run's supervisor and each command does. The last four are what the static Foundation needs besides.
let alone: [LinkerSetting] =
  [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
  + ["_FoundationCShims", "_FoundationCollections", "CoreFoundation", "_FoundationICU"].map {
    .linkedLibrary($0, .when(configuration: .release))
  }

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let everything: [Target.Dependency] = [
  "RunModel", "Orchestration", "RuntimeAdapters", "SQLiteStore", "HTTPAPI", "RunClient", "CProcess", "TerminalKit",
  "DashboardUI", logging, argumentParser, .product(name: "Yams", package: "Yams"),
]

let package = Package(
  name: "flightdeck",
  products: [
    .executable(name: "flightdeck", targets: ["flightdeck"]),
    .executable(name: "flightdeck-bench", targets: ["flightdeck-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(name: "RunModel", swiftSettings: strict),
    .target(
      name: "Orchestration",
      dependencies: ["RunModel", logging, .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(name: "CProcess", cSettings: [.define("_GNU_SOURCE")]),
    .target(
      name: "RuntimeAdapters",
      dependencies: [
        "RunModel", "Orchestration", "RunClient", "CProcess", logging,
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      exclude: ["Bridge/PROTOCOL.md", "Bridge/Examples"],
      resources: [.embedInCode("Bridge/Host/host.mjs")],
      swiftSettings: strict),
    .target(
      name: "SQLiteStore",
      dependencies: ["RunModel", "Orchestration", .product(name: "GRDB", package: "GRDB.swift")],
      swiftSettings: strict),
    .target(
      name: "HTTPAPI",
      dependencies: [
        "RunModel", "Orchestration", logging, .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .target(
      name: "RunClient",
      dependencies: [
        "RunModel", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .target(
      name: "CTerminal", cSettings: [.define("NCURSES_WIDECHAR", to: "1"), .define("_GNU_SOURCE")],
      linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
    .target(name: "TerminalKit", dependencies: ["CTerminal"], swiftSettings: strict),
    .target(
      name: "DashboardUI",
      dependencies: ["RunModel", "TerminalKit", .product(name: "Yams", package: "Yams")],
      resources: themes.map { .embedInCode("../../themes/\($0).yaml") },
      swiftSettings: strict),
    .executableTarget(
      name: "flightdeck", dependencies: everything, exclude: ["Profiles/FORMAT.md"],
      resources: profiles.map { .embedInCode("Profiles/\($0).yaml") }, swiftSettings: root, linkerSettings: alone),
    .executableTarget(name: "flightdeck-bench", dependencies: everything, swiftSettings: strict),
    .systemLibrary(name: "CVTerm", path: "Tests/CVTerm", providers: [.apt(["libvterm-dev"])]),
    .target(
      name: "TestSupport",
      dependencies: ["RunModel", "Orchestration", "CProcess", "CVTerm"],
      path: "Tests/TestSupport", swiftSettings: strict),
    .executableTarget(
      name: "terminal-fixture", dependencies: ["TerminalKit"], path: "Tests/TerminalFixture", swiftSettings: strict),
    .testTarget(name: "RunModelTests", dependencies: ["RunModel"], swiftSettings: strict),
    .testTarget(
      name: "OrchestrationTests", dependencies: ["RunModel", "Orchestration", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RuntimeAdaptersTests",
      dependencies: [
        "RunModel", "Orchestration", "RuntimeAdapters", "RunClient", "CProcess", "TestSupport", "flightdeck",
        .product(name: "Subprocess", package: "swift-subprocess"),
      ],
      exclude: ["A2A/Recordings"], swiftSettings: strict),
    .testTarget(
      name: "SQLiteStoreTests",
      dependencies: [
        "RunModel", "Orchestration", "SQLiteStore", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "HTTPAPITests",
      dependencies: [
        "RunModel", "Orchestration", "HTTPAPI", "RunClient", "TestSupport", logging,
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TerminalKitTests", dependencies: ["TerminalKit", "TestSupport", "CVTerm", "terminal-fixture"],
      swiftSettings: strict),
    .testTarget(
      name: "DashboardUITests", dependencies: ["RunModel", "TerminalKit", "DashboardUI", "TestSupport", "CVTerm"],
      swiftSettings: strict),
    .testTarget(
      name: "FlightdeckTests",
      dependencies: [
        "RunModel", "Orchestration", "RuntimeAdapters", "RunClient", "TestSupport", "CVTerm", "TerminalKit",
        "DashboardUI",
        "flightdeck",
        logging,
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "RunModel", "Orchestration", "RuntimeAdapters", "RunClient", "TerminalKit", "DashboardUI", "flightdeck",
      ],
      exclude: ["Corpus", "Program"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
