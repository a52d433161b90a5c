import CanonicalJSON
import Encodings
import Foundation
import LedgerDomain
import TestSupport
import Testing

import enum Crypto.Curve25519

@Suite("Published records and receipts")
struct PublishedTests {
  @Test("Hash and number of every published record reproduce")
  func records() throws {
    let published = try JSON.parse(Fixtures.vectors("pith-numbers.json"))
    let records = published["records"]?.arrayValue ?? []
    #expect(records.count >= 8)
    for record in records {
      let canonical = try CanonicalRecord(#require(record["canonical_record"]))
      let number = record["pith_number"]?.stringValue ?? ""
      #expect(canonical.digest.hex == record["canonical_sha256"]?.stringValue)
      #expect(canonical.pithNumber.description == number)
      #expect(number.hasSuffix(canonical.pithNumber.suffix))
      #expect(canonical.pithNumber.suffix.count == 26)
    }
  }

  @Test(
    "The numbers and short forms of a whole real record reproduce",
    .enabled(if: Fixtures.areShared, Comment(rawValue: Fixtures.reason)))
  func wholeRecord() throws {
    let real = try JSON.parse(Fixtures.shared("pith/pith-number-record.json"))
    let canonical = try CanonicalRecord(#require(real["canonical_record"]))
    #expect(canonical.pithNumber.description == real["pith_number"]?.stringValue)
    for (kind, length) in [("pith_short_8", 8), ("pith_short_12", 12), ("pith_short_16", 16)] {
      let alias = (real["aliases"]?.arrayValue ?? []).first {
        $0["alias_kind"]?.stringValue == kind
      }
      #expect(
        alias?["alias_value"]?.stringValue == String(canonical.pithNumber.suffix.prefix(length)),
        "\(kind)")
    }
  }

  @Test("Receipts verify under the published key, and under no other digest")
  func receipts() throws {
    let published = try JSON.parse(Fixtures.vectors("pith-numbers.json"))
    let raw = try #require(
      published["signing_key"]?["public_key_b64"]?.stringValue.flatMap { Base64.decode($0) })
    #expect(
      Digest(hashing: raw).prefix.hex
        == published["signing_key"]?["fingerprint"]?.stringValue)
    let key = try Curve25519.Signing.PublicKey(rawRepresentation: raw)
    let receipts = published["receipts"]?.arrayValue ?? []
    #expect(receipts.count >= 4)
    for receipt in receipts {
      let digest = try #require(
        receipt["canonical_sha256"]?.stringValue.flatMap { Digest(hex: $0) })
      let signature = try #require(
        receipt["signature_b64"]?.stringValue.flatMap { Base64.decode($0) })
      #expect(key.isValidSignature(signature, for: digest.bytes))
      #expect(!key.isValidSignature(signature, for: Digest(hashing: digest.bytes).bytes))
    }
  }
}
