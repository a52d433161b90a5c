public import CanonicalJSON
import DurableFiles
import Encodings
import Foundation
public import LedgerDomain

/// A signing key and its signer in a JSON file with mode 0600.
public struct KeyFile: Sendable {
  /// The private key.
  public let key: SigningKey
  /// The signer that events of this key name.
  public let signer: Signer

  /// Creates a key file's contents from their parts.
  public init(key: SigningKey, keyID: String, signerID: String, signerType: SignerType) {
    self.key = key
    signer = Signer(
      keyID: keyID, fingerprint: key.fingerprint, signerID: signerID, signerType: signerType)
  }

  /// The payload of the event with which the key is registered.
  public var registration: JSONObject { RegistryKey.registration(of: key) }

  /// Reads a key file.
  ///
  /// Errors: a `Refusal` with check `key_file`. Its text never contains a part of the key.
  public init(path: String) throws(Refusal) {
    func refusal(_ message: String) -> Refusal {
      Refusal(.malformed, check: "key_file", field: path, message)
    }
    let bytes: [UInt8]
    do throws(DurableFileError) { bytes = try SecretFile.read(path) } catch {
      if error.code == .missing {
        throw refusal("The key file cannot be read. `pithledger key generate` creates one.")
      }
      throw Refusal(error, check: "key_file")
    }
    guard
      let json = try? JSON.parse(bytes, limits: JSONLimits(maxBytes: 16_384, maxDepth: 4)),
      json["algorithm"]?.stringValue == "ed25519",
      let secret = json["private_key_b64"]?.stringValue.flatMap({ Base64.decode($0) }),
      let key = try? SigningKey(rawRepresentation: secret),
      let keyID = json["key_id"]?.stringValue, let signerID = json["signer_id"]?.stringValue,
      let type = json["signer_type"]?.stringValue.flatMap({ SignerType(name: $0) })
    else { throw refusal("Not a key file of `pithledger key generate`.") }
    guard json["public_key_b64"]?.stringValue == Base64.encode(key.publicKey) else {
      throw refusal("The public key in the file does not belong to its private key.")
    }
    self.init(key: key, keyID: keyID, signerID: signerID, signerType: type)
  }

  /// Reads the key file that an option names. `nil` without a path.
  ///
  /// Errors: a `Refusal` with check `key_file`.
  public static func optional(_ path: String?) throws(Refusal) -> KeyFile? {
    guard let path else { return nil }
    return try KeyFile(path: path)
  }

  /// Writes the file atomically with mode 0600. Does not replace an existing file.
  ///
  /// Errors: a `Refusal` with check `key_file`.
  public func write(to path: String) throws(Refusal) {
    let json: JSON = [
      "algorithm": "ed25519", "key_id": .string(signer.keyID),
      "private_key_b64": .string(Base64.encode(key.rawRepresentation)),
      "public_key_b64": .string(Base64.encode(key.publicKey)),
      "public_key_fingerprint": .string(key.fingerprint.hex),
      "signer_id": .string(signer.signerID), "signer_type": .string(signer.signerType.name),
    ]
    do throws(DurableFileError) {
      try SecretFile.create(path, with: Array((json.prettyString() + "\n").utf8))
    } catch { throw Refusal(error, check: "key_file") }
  }
}
