// swift-tools-version: 6.2
import PackageDescription

/// Set by scripts/fuzz: every target is built for libFuzzer, and the package has the fuzz targets.
let isFuzzing = Context.environment["PITHLEDGER_FUZZ"] != nil
let fuzzed: [SwiftSetting] =
  isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library"])] : []

/// Set by scripts/run and scripts/package: the commit that is built. A build that is not told names none.
let commit: [CSetting] =
  Context.environment["PITHLEDGER_COMMIT"].map {
    [.define("PITHLEDGER_COMMIT", to: "\"\($0)\"")]
  } ?? []

/// The settings of every target.
let strict: [SwiftSetting] =
  fuzzed + [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
  ]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
  name: "pithledger",
  products: [
    .executable(name: "pithledger", targets: ["pithledger"]),
    .executable(name: "pithledger-verify", targets: ["pithledger-verify"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-configuration", exact: "1.4.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
  ],
  targets: [
    // Parsers and formats. Each builds alone in seconds and can be fuzzed alone.
    .target(name: "Encodings", dependencies: [crypto], swiftSettings: strict),
    .target(name: "CanonicalJSON", swiftSettings: strict),
    .target(
      name: "ProofFormats",
      dependencies: [
        "Encodings", "CanonicalJSON", .product(name: "SwiftASN1", package: "swift-asn1"),
      ],
      swiftSettings: strict),
    .systemLibrary(
      name: "CLibSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .target(name: "Ed25519", dependencies: ["CLibSodium"], swiftSettings: strict),
    .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // The tree, notes and proofs of a transparency log, for the log and for verifiers.
    .target(
      name: "TransparencyLog", dependencies: ["Encodings", "Ed25519", crypto],
      swiftSettings: strict),
    // Merkle Patricia trees and their proofs, for the index of the log and for verifiers.
    .target(name: "MerklePatricia", dependencies: ["Encodings", crypto], swiftSettings: strict),
    // Checks of proofs against trusted headers, roots and keys, which the caller passes. No network.
    .target(
      name: "ProofVerification",
      dependencies: [
        "Encodings", "ProofFormats", "CanonicalJSON", "CLibCrypto", crypto,
        .product(name: "JWTKit", package: "jwt-kit"),
      ],
      swiftSettings: strict),
    // The HTTP client for addresses that submitters name. It refuses private addresses.
    .target(
      name: "SafeHTTPClient",
      dependencies: [
        "Encodings", "ProofFormats", crypto, logging,
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "PostgresClient", dependencies: ["CLibPQ", logging], swiftSettings: strict),
    // Atomic writes of files, files of secrets, file locks.
    .target(name: "DurableFiles", swiftSettings: strict),
    .systemLibrary(name: "CSpawn"),
    .systemLibrary(name: "CTimex"),
    // The commit of the build. It is C, because a Swift setting has no value.
    .target(name: "CBuildInfo", cSettings: commit),
    .target(
      name: "EmbeddedPostgres",
      dependencies: ["CSpawn", "DurableFiles", "PostgresClient", logging],
      swiftSettings: strict),

    // Values of metrics, and their text for Prometheus.
    .target(
      name: "PrometheusMetrics",
      dependencies: [metrics, .product(name: "Histogram", package: "hdrhistogram-swift")],
      swiftSettings: strict),
    // Lines of the log, as text or JSON.
    .target(name: "StructuredLogs", dependencies: [logging], swiftSettings: strict),

    // The domain: identifiers, events, admission, the fold. No SQL, no HTTP, no file system.
    .target(
      name: "LedgerDomain",
      dependencies: [
        "Encodings", "CanonicalJSON", "ProofFormats", "TransparencyLog", "Ed25519", crypto,
      ],
      swiftSettings: strict),

    // Verification of entries, trees, signatures and the fold, from any source, without a ledger.
    .target(
      name: "LedgerVerifier",
      dependencies: [
        "LedgerDomain", "MerklePatricia", "TransparencyLog", "Encodings", "ProofFormats",
        "CanonicalJSON",
      ],
      swiftSettings: strict),

    // The log and its projections in PostgreSQL.
    .target(
      name: "LedgerSQL", path: "sql", exclude: ["README.md", "revision", "schema.sql"],
      sources: ["DatabaseSchema.swift", "SQLFile.swift"],
      resources: [
        "roles", "schemas", "constants", "tables", "indexes", "functions", "triggers", "views",
        "privileges", "migrations",
      ].map { .embedInCode($0) },
      swiftSettings: strict),
    .target(
      name: "LedgerStore",
      dependencies: [
        "Encodings", "LedgerDomain", "PostgresClient", "LedgerSQL", "TransparencyLog",
        "CanonicalJSON", crypto, logging, metrics,
      ],
      swiftSettings: strict),

    // The operations of a ledger, its HTTP interface and its commands.
    .target(
      name: "LedgerService",
      dependencies: [
        "CBuildInfo", "CTimex",
        "Encodings", "LedgerDomain", "LedgerStore", "DurableFiles", "EmbeddedPostgres",
        "CanonicalJSON", "ProofFormats", "ProofVerification", "SafeHTTPClient", "TransparencyLog",
        "LedgerVerifier", "StructuredLogs", crypto, logging, metrics, tracing,
        .product(name: "Configuration", package: "swift-configuration"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: strict),
    // The addresses of a ledger, and records in the formats of other systems.
    .target(
      name: "RecordFormats",
      dependencies: [
        "Encodings", "LedgerService", "LedgerStore", "LedgerDomain", "CanonicalJSON",
        "ProofFormats",
      ],
      swiftSettings: strict),
    // The description of the HTTP interface: OpenAPI, and the JSON Schemas in it.
    .target(
      name: "APIDescription", dependencies: ["CanonicalJSON", "COpenAPI"],
      resources: [.embedInCode("tools.json")], swiftSettings: strict),
    .target(name: "COpenAPI", exclude: ["openapi.json"]),
    // The Model Context Protocol: messages, sessions and transports, without a ledger and without sockets.
    .target(
      name: "ContextProtocol", dependencies: ["CanonicalJSON", "Encodings"], swiftSettings: strict),
    // The tools of a ledger for agents.
    .target(
      name: "AgentTools",
      dependencies: [
        "APIDescription", "ContextProtocol", "LedgerService", "LedgerDomain", "LedgerVerifier",
        "TransparencyLog", "VerifyCommands", "CanonicalJSON", "Encodings",
      ],
      swiftSettings: strict),
    // The HTML pages, and what a browser loads with them.
    .target(
      name: "LedgerPages",
      dependencies: [
        "Encodings", "RecordFormats", "LedgerService", "LedgerStore", "LedgerDomain",
        "ProofFormats", "CanonicalJSON",
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      resources: ["Templates", "Assets"].map { .embedInCode($0) },
      swiftSettings: strict),
    .target(
      name: "LedgerHTTP",
      dependencies: [
        "APIDescription", "ContextProtocol", "Encodings", "LedgerPages", "RecordFormats",
        "LedgerService",
        "LedgerStore", "LedgerDomain", "CanonicalJSON", "TransparencyLog",
        "SafeHTTPClient", "DurableFiles", "PrometheusMetrics", "CLibZ", logging, metrics, tracing,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    // A client of a ledger that is served elsewhere. The server is not trusted.
    .target(
      name: "LedgerClient",
      dependencies: [
        "LedgerDomain", "ProofFormats", "CanonicalJSON",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      swiftSettings: strict),
    // `pithledger verify`, also as a program that is not linked with a database library.
    .target(
      name: "VerifyCommands",
      dependencies: [
        "Encodings", "LedgerVerifier", "LedgerDomain", "TransparencyLog", "ProofVerification",
        "ProofFormats",
        "CanonicalJSON", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "pithledger-verify",
      dependencies: [
        "VerifyCommands", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "pithledger",
      dependencies: [
        "APIDescription", "AgentTools", "ContextProtocol",
        "Encodings", "LedgerHTTP", "RecordFormats", "LedgerService", "LedgerStore",
        "LedgerDomain", "DurableFiles", "LedgerVerifier", "LedgerClient",
        "TransparencyLog", "VerifyCommands", "CanonicalJSON", "PrometheusMetrics",
        "StructuredLogs", logging,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // Benchmarks: scripts/bench.
    .executableTarget(
      name: "pithledger-bench",
      dependencies: [
        "Encodings", "LedgerService", "LedgerStore", "LedgerDomain", "EmbeddedPostgres",
        "PostgresClient", "LedgerVerifier",
        "TransparencyLog", "CanonicalJSON", logging,
      ],
      path: "Benchmarks", exclude: ["allocations.c"], swiftSettings: strict),

    .target(
      name: "TestSupport",
      dependencies: [
        "Encodings", "EmbeddedPostgres", "LedgerDomain", "PostgresClient", "CanonicalJSON",
        "ProofFormats",
        subprocess, logging,
      ],
      path: "Tests/TestSupport", exclude: ["tokens.py"],
      swiftSettings: strict),
    .testTarget(
      name: "CanonicalJSONTests", dependencies: ["CanonicalJSON", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ScriptTests", dependencies: ["TestSupport", subprocess], swiftSettings: strict),
    .testTarget(
      name: "PrometheusMetricsTests", dependencies: ["PrometheusMetrics", "TestSupport", metrics],
      swiftSettings: strict),
    .testTarget(
      name: "StructuredLogsTests", dependencies: ["StructuredLogs", "CanonicalJSON", logging],
      swiftSettings: strict),
    .testTarget(
      name: "EncodingsTests", dependencies: ["Encodings"], swiftSettings: strict),
    .testTarget(
      name: "ProofFormatsTests", dependencies: ["Encodings", "ProofFormats", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ProofVerificationTests",
      dependencies: [
        "Encodings", "ProofFormats", "ProofVerification", "CanonicalJSON", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "Ed25519Tests",
      dependencies: ["Encodings", "Ed25519", "ProofFormats", "TestSupport", crypto],
      swiftSettings: strict),
    .testTarget(
      name: "TransparencyLogTests",
      dependencies: ["Encodings", "TransparencyLog", "ProofFormats", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "MerklePatriciaTests",
      dependencies: ["Encodings", "MerklePatricia", "TestSupport"], exclude: ["patricia.py"],
      swiftSettings: strict),
    .testTarget(
      name: "SafeHTTPClientTests",
      dependencies: [
        "Encodings", "SafeHTTPClient", "ProofFormats",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerClientTests",
      dependencies: [
        "LedgerClient", "LedgerDomain", "CanonicalJSON",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DurableFilesTests", dependencies: ["DurableFiles", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "PostgresClientTests",
      dependencies: ["PostgresClient", "EmbeddedPostgres", "TestSupport", logging],
      swiftSettings: strict),
    .testTarget(
      name: "EmbeddedPostgresTests",
      dependencies: ["PostgresClient", "EmbeddedPostgres", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ContextProtocolTests",
      dependencies: ["ContextProtocol", "CanonicalJSON", "TestSupport"], swiftSettings: strict),
    // The tools for agents, and the official client against them.
    .testTarget(
      name: "AgentToolsTests",
      dependencies: [
        "AgentTools", "APIDescription", "ContextProtocol", "CanonicalJSON", "Encodings",
        "LedgerHTTP", "LedgerService", "LedgerDomain", "TestSupport", "LedgerTestSupport",
        subprocess,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["clients"], swiftSettings: strict),
    // The description of the interface, and the service against it.
    .testTarget(
      name: "APIDescriptionTests",
      dependencies: [
        "APIDescription", "CanonicalJSON", "LedgerService", "LedgerDomain", "TestSupport",
        "LedgerTestSupport", subprocess,
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["clients"], swiftSettings: strict),
    .testTarget(
      name: "RecordFormatsTests",
      dependencies: [
        "RecordFormats", "LedgerService", "LedgerStore", "LedgerDomain", "CanonicalJSON",
        "Encodings", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerDomainTests",
      dependencies: [
        "Encodings", "LedgerDomain", "CanonicalJSON", "ProofFormats", "TransparencyLog",
        "TestSupport", crypto,
      ],
      swiftSettings: strict),
    // Requests made of arbitrary bytes, for a test and for the fuzzer.
    .target(name: "RouterInput", path: "Tests/Fuzz/RouterInput", swiftSettings: strict),
    // A ledger on a database of its own, and fake external services.
    .target(
      name: "LedgerTestSupport",
      dependencies: [
        "Encodings", "LedgerService", "LedgerStore", "LedgerDomain", "LedgerHTTP",
        "EmbeddedPostgres", "PostgresClient", "CanonicalJSON", "SafeHTTPClient", "TestSupport",
        subprocess,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/LedgerTestSupport", exclude: ["fake_services.py"], swiftSettings: strict),
    .testTarget(
      name: "LedgerStoreTests",
      dependencies: [
        "Encodings", "LedgerService", "LedgerStore", "LedgerSQL", "LedgerDomain",
        "PostgresClient", "CanonicalJSON", "TransparencyLog", "TestSupport", "LedgerTestSupport",
        subprocess,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "LedgerServiceTests",
      dependencies: [
        "Encodings", "LedgerService", "LedgerStore", "LedgerDomain", "LedgerHTTP",
        "LedgerVerifier", "EmbeddedPostgres", "PostgresClient", "CanonicalJSON", "ProofFormats",
        "ProofVerification", "SafeHTTPClient", "TransparencyLog", "TestSupport",
        "LedgerTestSupport", crypto, logging,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      exclude: ["reference_log.py"], swiftSettings: strict),
    .testTarget(
      name: "LedgerVerifierTests",
      dependencies: [
        "Encodings", "LedgerVerifier", "LedgerService", "LedgerHTTP", "LedgerStore", "LedgerDomain",
        "CanonicalJSON", "MerklePatricia", "PostgresClient", "ProofFormats", "TransparencyLog",
        "TestSupport", "LedgerTestSupport",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      exclude: ["index.py"], swiftSettings: strict),
    .testTarget(
      name: "LedgerHTTPTests",
      dependencies: [
        "APIDescription", "Encodings", "LedgerHTTP", "RecordFormats", "LedgerService",
        "LedgerStore", "LedgerDomain", "SafeHTTPClient", "CanonicalJSON", "PostgresClient",
        "TransparencyLog", "RouterInput", "PrometheusMetrics", "StructuredLogs", "TestSupport",
        "LedgerTestSupport", subprocess, logging, tracing,
        .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      exclude: ["atom.rng", "cose.py", "formats.py", "signer.py"], swiftSettings: strict),
    // The pages, in a headless browser.
    .testTarget(
      name: "BrowserTests",
      dependencies: [
        "LedgerService", "TestSupport", "LedgerTestSupport", subprocess,
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["scenarios"], swiftSettings: strict),
    .testTarget(
      name: "LedgerPagesTests",
      dependencies: [
        "Encodings", "LedgerPages", "RecordFormats", "LedgerService", "LedgerStore",
        "LedgerDomain", "CanonicalJSON", "TransparencyLog",
      ],
      swiftSettings: strict),
    // The programs, started as processes.
    .testTarget(
      name: "PithLedgerTests",
      dependencies: [
        "Encodings", "LedgerService", "LedgerHTTP", "LedgerStore", "LedgerDomain", "DurableFiles",
        "EmbeddedPostgres", "PostgresClient", "CanonicalJSON", "TransparencyLog", "TestSupport",
        "LedgerTestSupport", subprocess,
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["documents.py", "service_stop.py", "tls_service.py"], swiftSettings: strict),
  ],
  // For #embed.
  cLanguageStandard: .c2x
)

/// A program that libFuzzer drives.
func fuzzTarget(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + ["FuzzDriver"], path: "Tests/Fuzz/\(name)",
    swiftSettings: strict,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])])
}

if isFuzzing {
  package.targets += [
    .target(name: "FuzzDriver", path: "Tests/Fuzz/FuzzDriver", swiftSettings: strict),
    fuzzTarget("FuzzJSON", ["CanonicalJSON"]),
    fuzzTarget("FuzzProofs", ["ProofFormats", "ProofVerification"]),
    fuzzTarget("FuzzNotes", ["TransparencyLog"]),
    fuzzTarget("FuzzFetched", ["SafeHTTPClient", "ProofVerification", "ProofFormats"]),
    fuzzTarget("FuzzSubmission", ["LedgerDomain", "CanonicalJSON"]),
    fuzzTarget("FuzzRouter", ["RouterInput", "LedgerHTTP", "LedgerService", logging]),
  ]
}
