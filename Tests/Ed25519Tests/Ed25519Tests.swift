import Ed25519
import Encodings
import Foundation
import TestSupport
import Testing

import enum Crypto.Curve25519

@Suite("Ed25519")
struct Ed25519Tests {
  struct Vector: Sendable {
    let publicKey, message, signature: String
  }

  /// RFC 8032, section 7.1, tests 1 to 3.
  static let vectors = [
    Vector(
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
      signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        + "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    Vector(
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
      signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        + "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    Vector(
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      message: "af82",
      signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
        + "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
  ]

  @Test("The specification's vectors verify, and with any bit changed do not", arguments: vectors)
  func specification(_ vector: Vector) throws {
    let key = try #require(Hex.decode(vector.publicKey))
    let message = try #require(Hex.decode(vector.message))
    let signature = try #require(Hex.decode(vector.signature))
    #expect(Ed25519.isValid(signature, over: message, by: key))
    for (what, bytes) in [("key", key), ("message", message), ("signature", signature)] {
      for bit in 0..<bytes.count * 8 {
        var changed = bytes
        changed[bit / 8] ^= 1 << (bit % 8)
        #expect(
          !Ed25519.isValid(
            what == "signature" ? changed : signature, over: what == "message" ? changed : message,
            by: what == "key" ? changed : key), "bit \(bit) of the \(what)")
      }
    }
  }

  @Test("Another implementation's signatures verify, of messages of any length")
  func anotherImplementation() throws {
    for length in 0..<300 {
      let key = Curve25519.Signing.PrivateKey()
      let message = (0..<length).map { _ in UInt8.random(in: 0...255) }
      let signature = Array(try key.signature(for: message))
      let publicKey = Array(key.publicKey.rawRepresentation)
      #expect(Ed25519.isValid(signature, over: message, by: publicKey))
      #expect(!Ed25519.isValid(signature, over: message + [0], by: publicKey))
    }
  }

  @Test("Bytes of another length are refused as signature and as key")
  func lengths() throws {
    let vector = Self.vectors[0]
    let key = try #require(Hex.decode(vector.publicKey))
    let signature = try #require(Hex.decode(vector.signature))
    for count in 0..<70 {
      let padding = [UInt8](repeating: 0, count: 70)
      if count != 64 {
        #expect(!Ed25519.isValid(Array((signature + padding)[..<count]), over: [], by: key))
      }
      if count != 32 {
        #expect(!Ed25519.isValid(signature, over: [], by: Array((key + padding)[..<count])))
      }
    }
  }

  @Test("A weak key, for which anybody can make signatures, verifies nothing")
  func smallOrder() throws {
    // The neutral element as key and as R, with S zero: the equation of the specification then holds for
    // every message.
    let neutral: [UInt8] = [1] + [UInt8](repeating: 0, count: 31)
    let forged = neutral + [UInt8](repeating: 0, count: 32)
    let key = try Curve25519.Signing.PublicKey(rawRepresentation: neutral)
    #expect(key.isValidSignature(forged, for: Array("anything".utf8)))
    #expect(!Ed25519.isValid(forged, over: Array("anything".utf8), by: neutral))
  }

  @Test("A signature has one encoding: S plus the group's order is refused")
  func malleability() throws {
    let vector = Self.vectors[1]
    let key = try #require(Hex.decode(vector.publicKey))
    var signature = try #require(Hex.decode(vector.signature))
    let order = try #require(
      Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
    var carry = 0
    for index in 0..<32 {
      let sum = Int(signature[32 + index]) + Int(order[index]) + carry
      signature[32 + index] = UInt8(sum & 255)
      carry = sum >> 8
    }
    #expect(!Ed25519.isValid(signature, over: [0x72], by: key))
  }
}
