import CanonicalJSON
import DurableFiles
import Encodings
import Foundation
import LedgerDomain
import LedgerStore
import TransparencyLog

/// The key with which the ledger signs bare actions, imports and the operator's commands.
actor RegistryKey {
  private let path: String
  private var file: KeyFile
  /// Former registry keys of this process. A concurrent task may still use an older timeline.
  private var known: [Digest128: KeyFile] = [:]

  /// The file of the next key during a rotation.
  private var nextPath: String { path + ".next" }

  /// Whether the file exists. Without it nothing can be signed.
  let hasFile: Bool

  /// Reads the registry key. Creates it if there is none, where the configuration allows that.
  init(_ configuration: LedgerConfiguration) throws(Refusal) {
    let path =
      configuration.registryKeyFile
      ?? URL(fileURLWithPath: configuration.dataDirectory).appendingPathComponent("registry.key")
      .path
    self.path = path
    hasFile = configuration.mayBeginLedger || FileManager.default.fileExists(atPath: path)
    guard hasFile else {
      // This key is in no log, so that `key(in:at:)` never returns it.
      file = Self.fresh()
      return
    }
    do throws(DurableFileError) {
      try OwnedDirectory.prepare(configuration.dataDirectory)
    } catch { throw Refusal(error, check: "data_directory") }
    if !FileManager.default.fileExists(atPath: path) {
      do throws(Refusal) {
        try Self.fresh().write(to: path)
      } catch  where error.code == .conflict {
        // Another process created it meanwhile. Its key is used.
      }
    }
    file = try KeyFile(path: path)
    guard file.signer.signerType == .registry else {
      throw Refusal(
        .malformed, check: "registry_key", field: path, "The key's signer_type is not registry.")
    }
  }

  /// A new key.
  ///
  /// - Parameter signerID: `nil` for the first key, after which the registry is named.
  static func fresh(signerID: String? = nil) -> KeyFile {
    let key = SigningKey()
    return KeyFile(
      key: key, keyID: "registry-\(key.fingerprint.hex.prefix(8))",
      signerID: signerID ?? "urn:pithledger:registry:\(key.fingerprint.hex)", signerType: .registry)
  }

  /// The key as it was last read. Another process may have rotated it since, so it must not be used to
  /// sign.
  var current: KeyFile { file }

  /// How often, and with which pause, the files are read again while the log names another key.
  private static let attempts = 20
  private static let retryInterval: Duration = .milliseconds(50)

  /// The key that signs an event at a position. Reads the files again if another process has rotated it.
  ///
  /// A rotation writes the new key to a second file, appends it to the log, and then moves the file
  /// into place. A reader may look at both files just before and after the move, and retries.
  ///
  /// Errors: `registry_key`, unavailable, if no file holds the key that the log names.
  func key(in timeline: KeyTimeline, at position: Position) async throws -> KeyFile {
    let expected = timeline.registryKey(at: position)
    for attempt in 0..<Self.attempts {
      if attempt > 0 { try await Task.sleep(for: Self.retryInterval) }
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
      "The registry key was rotated to \(expected?.hex ?? "none"), and the file holds another. Put the new key "
        + "file there. No restart is needed.")
  }

  private func take(_ next: KeyFile) {
    known[file.signer.fingerprint] = file
    file = next
  }

  /// Appends the log's first event, which registers the registry key.
  func begin(store: LedgerStore, configuration: LedgerConfiguration) async throws {
    guard try await store.log.size().isEmpty else { return }
    let origin = configuration.origin ?? "pithledger/\(file.signer.fingerprint.hex)"
    let now = configuration.clock()
    let body = try EventBody.make(
      type: .keyRegistered, payload: Self.registration(of: file.key), signer: file.signer,
      subject: .registry, target: "key:\(file.signer.fingerprint.hex)", createdAt: now)
    let item = try AppendUnit.Item.make(
      event: try file.key.sign(body), admission: .signedOnly(at: now), record: .registry,
      referenced: nil)
    // After a conflict, `settle` checks which process was first.
    _ = try await store.log.append(
      AppendUnit(items: [item], evidence: [], guardPosition: .beforeFirst, origin: origin))
  }

  /// Checks that the log names this key, or the next key of an unfinished rotation.
  func settle(current: (timeline: KeyTimeline, next: Position)) async throws {
    let expected = current.timeline.registryKey(at: current.next)
    if expected == file.signer.fingerprint { return }
    if let next = try? KeyFile(path: nextPath), next.signer.fingerprint == expected {
      // A rotation was appended to the log, and the process ended before it moved the file.
      try await adopt(next)
      return
    }
    throw Refusal(
      .forbidden, check: "registry_key", field: path,
      "This database's registry key is \(expected?.hex ?? "missing"), and the key file holds "
        + "\(file.signer.fingerprint.hex). Give the right file by PITHLEDGER_REGISTRY_KEY_FILE, or the "
        + "data directory this database was begun with.")
  }

  /// Creates the next key's file, before any event names the key.
  func prepareNext() async throws -> KeyFile {
    if FileManager.default.fileExists(atPath: nextPath) {
      let next = try KeyFile(path: nextPath)
      if next.signer.fingerprint != file.signer.fingerprint { return next }
      // The log names it already. A process ended before it moved the file.
      try await adopt(next)
    }
    try Self.fresh(signerID: file.signer.signerID).write(to: nextPath)
    return try KeyFile(path: nextPath)
  }

  /// Moves the next key's file into place. The old file is kept under another name.
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
