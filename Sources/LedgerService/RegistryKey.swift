import CanonicalJSON
import DurableFiles
import Foundation
import LedgerDomain
import LedgerStore
import ProofForms

/// The key by which the ledger itself signs: bare actions, imports, and the operator's commands.
actor RegistryKey {
  private let path: String
  private var file: KeyFile

  /// Where a new key waits while its rotation is under way.
  private var nextPath: String { path + ".next" }

  /// Reads the registry key, and makes one where there is none yet.
  init(_ configuration: LedgerConfiguration) throws(Refusal) {
    path =
      configuration.registryKeyFile
      ?? URL(fileURLWithPath: configuration.dataDirectory).appendingPathComponent("registry.key")
      .path
    do throws(DurableFileError) {
      try OwnedDirectory.prepare(configuration.dataDirectory)
    } catch { throw Refusal(error, check: "data_directory") }
    if !FileManager.default.fileExists(atPath: path) {
      do throws(Refusal) {
        try Self.fresh().write(to: path)
      } catch  where error.code == .conflict {
        // Another process made it between the look and the attempt: that one is the key.
      }
    }
    file = try KeyFile(path: path)
    guard file.signer.signerType == .registry else {
      throw Refusal(
        .malformed, check: "registry_key", field: path, "The key's signer_type is not registry.")
    }
  }

  /// A new key; without a `signerID` it is the first, and the registry is named after it.
  static func fresh(signerID: String? = nil) -> KeyFile {
    let key = SigningKey()
    return KeyFile(
      key: key, keyID: "registry-\(key.fingerprint.hex.prefix(8))",
      signerID: signerID ?? "urn:pithledger:registry:\(key.fingerprint.hex)", signerType: .registry)
  }

  var current: KeyFile { file }

  /// Writes the log's first event: the registry key, the root of all authority in this ledger.
  func begin(store: LedgerStore, configuration: LedgerConfiguration) async throws {
    guard try await store.head() == 0 else { return }
    let origin = configuration.origin ?? "pithledger/\(file.signer.fingerprint.hex)"
    let now = configuration.clock()
    let body = try EventBody.make(
      type: .keyRegistered, payload: Self.registration(of: file.key), signer: file.signer,
      subject: .registry, target: "key:\(file.signer.fingerprint.hex)", createdAt: now)
    let item = try AppendUnit.Item.make(
      event: try file.key.sign(body), admission: .signedOnly(at: now), record: -1, referenced: nil)
    // A conflict means that another process was first; whose key it used is settled next.
    _ = try await store.append(
      AppendUnit(items: [item], evidence: [], guardPosition: -1, origin: origin))
  }

  /// Holds this key against the log: it must be the registry's, or about to become it.
  func settle(current: (timeline: KeyTimeline, next: Int64)) throws {
    let expected = current.timeline.registryKey(at: current.next)
    if expected == file.signer.fingerprint { return }
    if let next = try? KeyFile(path: nextPath), next.signer.fingerprint == expected {
      // A rotation reached the log, and the process ended before the files followed.
      try adopt(next)
      return
    }
    throw Refusal(
      .forbidden, check: "registry_key", field: path,
      "This database's registry key is \(expected?.hex ?? "missing"), and the key file holds "
        + "\(file.signer.fingerprint.hex). Give the right file by PITHLEDGER_REGISTRY_KEY_FILE, or the "
        + "data directory this database was begun with.")
  }

  /// Makes the key that will follow this one, on disk before any event names it.
  func prepareNext() throws(Refusal) -> KeyFile {
    if FileManager.default.fileExists(atPath: nextPath) { return try KeyFile(path: nextPath) }
    try Self.fresh(signerID: file.signer.signerID).write(to: nextPath)
    return try KeyFile(path: nextPath)
  }

  /// Takes the new key's file in place of the old, which is kept beside it.
  func adopt(_ next: KeyFile) throws {
    let old = "\(path).\(file.signer.fingerprint.hex.prefix(8)).retired"
    do throws(DurableFileError) {
      do throws(DurableFileError) {
        try SecretFile.create(old, with: SecretFile.read(path))
      } catch  where error.code == .exists {
        // An earlier attempt got this far.
      }
      try DurableFile.move(nextPath, to: path)
    } catch { throw Refusal(error, check: "registry_key") }
    file = next
  }

  static func registration(of key: SigningKey) -> JSONObject {
    ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.publicKey))]
  }
}
