public import CanonicalJSON
public import Encodings
public import LedgerDomain
public import TransparencyLog

/// The statements of a bundle, for a merge.
///
/// Specification: merging.md, section Statements.
public struct BundleStatements: Sendable {
  /// The record of the bundle.
  public let pithNumber: PithNumber
  /// The origin of the ledger, as the checkpoint gives it. `nil` if the checkpoint cannot be read.
  public let origin: String?
  /// Whether the bundle was verified under one of the keys. Otherwise its statements rest on their own
  /// signatures.
  public let isTrusted: Bool
  /// The events about the record and about keys, and those that name citing papers.
  public let statements: [MergeStatement]
  /// SHA-256 of the canonical bytes of events about the record that cannot be read.
  public let unreadable: Set<Digest>
  /// The imported document; `nil` if the bundle has none.
  public let document: JSON?
  /// The proofs of time in the bundle, by SHA-256.
  public let proofs: [Digest: [UInt8]]

  /// Reads a bundle. A bundle of a ledger with a given key is verified as a whole. Of any other bundle
  /// only the form is checked.
  ///
  /// - Parameters:
  ///   - bytes: the bytes of the bundle.
  ///   - keys: the verifier keys of the trusted ledgers.
  /// - Throws: a `LogFault`.
  public init(_ bytes: [UInt8], keys: [NoteVerifierKey]) async throws {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(
        bytes, limits: JSONLimits(maxBytes: BundleVerification.maxBytes, maxDepth: 64))
    } catch { throw LogFault("bundle.json", place: "byte \(error.offset)", error.message) }
    guard Self.isBundle(json),
      let number = json["pith_number"]?.stringValue.flatMap({ PithNumber($0) })
    else { throw LogFault("bundle.format", place: "format", "not a bundle of a record") }
    let note = json["checkpoint"]?.stringValue.flatMap { try? SignedNote($0) }
    let origin = note.flatMap { try? Checkpoint(text: $0.text) }?.origin
    let isTrusted = keys.contains { $0.name == origin }
    if isTrusted { _ = try await BundleVerification(keys: keys).verify(bytes) }
    var statements: [MergeStatement] = []
    var unreadable: Set<Digest> = []
    for member in ["events", "keys", "names"] {
      for item in json[member]?.arrayValue ?? [] {
        guard let event = item["entry"]?["event"] else { continue }
        if isTrusted, let origin, let position = item["position"]?.integerValue,
          let bytes = item["entry"]?.canonicalBytes()
        {
          statements.append(
            MergeStatement(try Entry(bytes: bytes), at: Position(rawValue: position), in: origin))
        } else if let signed = try? SignedEvent(event) {
          statements.append(MergeStatement(signed))
        } else if event["subject_pith_number"]?.stringValue == number.description {
          unreadable.insert(Digest(hashing: event.canonicalBytes()))
        }
      }
    }
    pithNumber = number
    self.origin = origin
    self.isTrusted = isTrusted
    self.statements = statements
    self.unreadable = unreadable
    document = json["document"].flatMap { $0.isNull ? nil : $0 }
    var proofs: [Digest: [UInt8]] = [:]
    for (_, value) in json.objectValue ?? [:] {
      for item in value.arrayValue ?? [] {
        guard let proof = item["proof_b64"]?.stringValue.flatMap({ Base64.decode($0) }) else {
          continue
        }
        proofs[Digest(hashing: proof)] = proof
      }
    }
    self.proofs = proofs
  }

  /// Whether a JSON value has the form of a bundle, of any version.
  public static func isBundle(_ json: JSON) -> Bool {
    json["format"]?.stringValue?.hasPrefix("pith-ledger-bundle/") ?? false
  }
}
