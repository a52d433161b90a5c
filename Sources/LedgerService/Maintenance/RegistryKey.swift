import CanonicalJSON
import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import LedgerStore

/// The key by which the ledger itself signs: bare actions, imports, and the operator's commands.
actor RegistryKey {
  private let path: String
  private var file: KeyFile
  /// Keys that were the registry's while this process ran: somebody may still hold an older timeline.
  private var known: [Digest128: KeyFile] = [:]

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

  /// The key as it was read last, which another process may have rotated since: for a look, not for signing.
  var current: KeyFile { file }

  /// How often the files are read again while the log names another key than they hold, and how long apart.
  private static let attempts = 20
  private static let patience: Duration = .milliseconds(50)

  /// The key that signs for an event at a position; read again where another process has rotated it.
  ///
  /// A rotation writes the new key beside the old one, then to the log, and then moves it into place: one of the two
  /// files holds it at any time, but not at the moment between two looks.
  ///
  /// Errors: `registry_key`, unavailable, where no file here holds the key that the log names.
  func key(in timeline: KeyTimeline, at position: Int64) async throws -> KeyFile {
    let expected = timeline.registryKey(at: position)
    for attempt in 0..<Self.attempts {
      if attempt > 0 { try await Task.sleep(for: Self.patience) }
      if file.signer.fingerprint == expected { return file }
      if let expected, let earlier = known[expected] { return earlier }
      for path in [path, nextPath] {
        guard let read = try? KeyFile(path: path), read.signer.fingerprint == expected,
          read.signer.signerType == .registry
        else { continue }
        take(read)
        return read
      }
    }
    throw Refusal(
      .unavailable, check: "registry_key", field: path,
      "The registry key was rotated to \(expected?.hex ?? "none"), and the file holds another. Put the new key file "
        + "there; nothing else has to be done.")
  }

  private func take(_ next: KeyFile) {
    known[file.signer.fingerprint] = file
    file = next
  }

  /// Writes the log's first event: the registry key, the root of all authority in this ledger.
  func begin(store: LedgerStore, configuration: LedgerConfiguration) async throws {
    guard try await store.log.size() == 0 else { return }
    let origin = configuration.origin ?? "pithledger/\(file.signer.fingerprint.hex)"
    let now = configuration.clock()
    let body = try EventBody.make(
      type: .keyRegistered, payload: Self.registration(of: file.key), signer: file.signer,
      subject: .registry, target: "key:\(file.signer.fingerprint.hex)", createdAt: now)
    let item = try AppendUnit.Item.make(
      event: try file.key.sign(body), admission: .signedOnly(at: now), record: -1, referenced: nil)
    // A conflict means that another process was first; whose key it used is settled next.
    _ = try await store.log.append(
      AppendUnit(items: [item], evidence: [], guardPosition: -1, origin: origin))
  }

  /// Holds this key against the log: it must be the registry's, or about to become it.
  func settle(current: (timeline: KeyTimeline, next: Int64)) async throws {
    let expected = current.timeline.registryKey(at: current.next)
    if expected == file.signer.fingerprint { return }
    if let next = try? KeyFile(path: nextPath), next.signer.fingerprint == expected {
      // A rotation reached the log, and the process ended before the files followed.
      try await adopt(next)
      return
    }
    throw Refusal(
      .forbidden, check: "registry_key", field: path,
      "This database's registry key is \(expected?.hex ?? "missing"), and the key file holds "
        + "\(file.signer.fingerprint.hex). Give the right file by PITHLEDGER_REGISTRY_KEY_FILE, or the "
        + "data directory this database was begun with.")
  }

  /// Makes the key that will follow this one, on disk before any event names it.
  func prepareNext() async throws -> KeyFile {
    if FileManager.default.fileExists(atPath: nextPath) {
      let next = try KeyFile(path: nextPath)
      if next.signer.fingerprint != file.signer.fingerprint { return next }
      // The log names it already: whoever rotated to it ended before its file was moved.
      try await adopt(next)
    }
    try Self.fresh(signerID: file.signer.signerID).write(to: nextPath)
    return try KeyFile(path: nextPath)
  }

  /// Takes the new key's file in place of the old, which is kept beside it.
  func adopt(_ next: KeyFile) async throws {
    let lock = try FileLock(path: path + ".lock")
    try await lock.lock(exclusive: true)
    defer { lock.unlock() }
    defer { take(next) }
    let replaced = try KeyFile(path: path).signer.fingerprint
    if replaced == next.signer.fingerprint { return }
    let old = "\(path).\(replaced.hex.prefix(8)).retired"
    do throws(DurableFileError) {
      do throws(DurableFileError) {
        try SecretFile.create(old, with: SecretFile.read(path))
      } catch  where error.code == .exists {
        // An earlier attempt got this far.
      }
      try DurableFile.move(nextPath, to: path)
    } catch { throw Refusal(error, check: "registry_key") }
  }

  static func registration(of key: SigningKey) -> JSONObject {
    ["algorithm": "ed25519", "public_key_b64": .string(Base64.encode(key.publicKey))]
  }
}
