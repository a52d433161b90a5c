public import Foundation

/// A random number generator with a seed, so that a failure can be reproduced.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Creates a generator with a seed.
  public init(seed: UInt64) { state = seed }

  /// The next number of SplitMix64 (Steele, Lea and Flood, 2014).
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

/// Files that tests read.
public enum Fixtures {
  /// The directory of the project.
  public static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let shared = project.deletingLastPathComponent()
    .appendingPathComponent("shared/fixtures")

  /// Whether the shared fixtures exist, which are not part of the project. Only tests of a large real
  /// record need them.
  public static let areShared = FileManager.default.fileExists(
    atPath: shared.appendingPathComponent("pith/pith-number-record.json").path)
  /// The text that is shown for tests that are skipped without the shared fixtures.
  public static let reason: String =
    "the real record is not beside the project, at ../shared/fixtures"

  /// The bytes of a file of the shared fixtures.
  public static func shared(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: shared.appendingPathComponent(path)))
  }

  /// The bytes of a file of test vectors in `Tests/Vectors`.
  public static func vectors(_ name: String) throws -> [UInt8] {
    try project("Tests/Vectors/" + name)
  }

  /// Decodes a file of test vectors, whose members are in snake case.
  public static func vectors<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(try vectors(name)))
  }

  /// The bytes of a file of the project.
  public static func project(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: project.appendingPathComponent(path)))
  }

  /// The path of the sample document in the project.
  public static let sample = "docs/sample/metamorph.json"
  /// The Pith Number of the sample document.
  public static let sampleNumber = "pith:2024:4OXKXQ4PBCCPHOCVZK2PKPZTA2"
  /// The iD of the example researcher in ORCID's documentation.
  public static let sampleORCID = "0000-0002-1825-0097"
}
