import LedgerDomain
import SafeHTTPClient
import Testing

@testable import LedgerService

@Suite("Settings from the environment")
struct SettingsTests {
  private func read(_ variables: [String: String]) throws -> LedgerConfiguration {
    try LedgerConfiguration.fromEnvironment(dataDirectory: "/nowhere", environment: variables)
  }

  private func refusal(_ variables: [String: String]) -> Refusal? {
    do {
      _ = try read(variables)
      return nil
    } catch { return error as? Refusal }
  }

  @Test(
    "A renamed setting is refused with its new name",
    arguments: [
      ("ANCHOR_SECONDS", "ANCHOR_INTERVAL_SECONDS"),
      ("CALENDARS", "OTS_CALENDARS"),
      ("CHECKPOINT_SECONDS", "CHECKPOINT_INTERVAL_SECONDS"),
      ("HEADER_DEPTH", "HEADER_CONFIRMATIONS"),
      ("STAMP_AUTHORITIES", "CHECKPOINT_TIMESTAMP_AUTHORITIES"),
      ("STAMP_CALENDARS", "CHECKPOINT_TIMESTAMP_CALENDARS"),
      ("STAMP_SECONDS", "CHECKPOINT_TIMESTAMP_INTERVAL_SECONDS"),
      ("STORAGE_SECONDS", "STORAGE_INTERVAL_SECONDS"),
    ])
  func renamed(old: String, new: String) throws {
    #expect(RenamedSettings.newNames.contains { $0.key == old && $0.value == new })
    let refused = refusal(["PITHLEDGER_" + old: "https://example.org"])
    #expect(refused?.code == .malformed && refused?.check == "configuration")
    #expect(refused?.field == "PITHLEDGER_" + old)
    #expect(refused?.message.contains("PITHLEDGER_\(new).") == true)
    _ = try read(["PITHLEDGER_" + old: ""])
  }

  @Test("The test of renamed settings covers the whole table")
  func tableIsCovered() { #expect(RenamedSettings.newNames.count == 8) }

  @Test("The new names have the meaning of the old ones")
  func newNames() throws {
    let read = try read([
      "PITHLEDGER_ANCHOR_INTERVAL_SECONDS": "2",
      "PITHLEDGER_OTS_CALENDARS": "https://a.example, https://b.example",
      "PITHLEDGER_CHECKPOINT_INTERVAL_SECONDS": "3",
      "PITHLEDGER_HEADER_CONFIRMATIONS": "4",
      "PITHLEDGER_CHECKPOINT_TIMESTAMP_AUTHORITIES": "https://tsa.example",
      "PITHLEDGER_CHECKPOINT_TIMESTAMP_CALENDARS": "https://c.example",
      "PITHLEDGER_CHECKPOINT_TIMESTAMP_INTERVAL_SECONDS": "5",
      "PITHLEDGER_STORAGE_INTERVAL_SECONDS": "6",
    ])
    #expect(read.externalServices.anchorInterval == .seconds(2))
    #expect(read.externalServices.calendars == ["https://a.example", "https://b.example"])
    #expect(read.checkpointInterval == .seconds(3))
    #expect(read.externalServices.headerConfirmations == 4)
    #expect(read.checkpointTimestampAuthorities == ["https://tsa.example"])
    #expect(read.checkpointTimestampCalendars == ["https://c.example"])
    #expect(read.checkpointTimestampInterval == .seconds(5))
    #expect(read.externalServices.storageInterval == .seconds(6))
  }

  @Test("Without variables every setting has its default")
  func defaults() throws {
    let read = try read([:])
    let plain = LedgerConfiguration(dataDirectory: "/nowhere")
    #expect(read.checkpointInterval == plain.checkpointInterval)
    #expect(read.checkpointTimestampInterval == plain.checkpointTimestampInterval)
    #expect(read.externalServices.calendars == plain.externalServices.calendars)
    #expect(read.externalServices.headerConfirmations == 6)
    #expect(read.externalServices.fetchLimits.time == .seconds(60))
    #expect(read.externalServices.storageLife == .seconds(365 * 86_400))
    #expect(read.limits.submissionsPerHour == plain.limits.submissionsPerHour)
    #expect(read.server.connections == nil && !read.isReadOnly && !read.usesSeparateLogins)
    #expect(read.trustedReceiptKeys == plain.trustedReceiptKeys)
  }

  @Test(
    "A value that cannot be used is refused with the name of its variable",
    arguments: [
      ("DATABASE_LOGINS", "both"), ("RECEIPT_KEYS", "AAAA"), ("S3_LOCATIONS", "a//b"),
      ("TRUSTED_PROXIES", "nobody"), ("TRUSTED_PROXY", "1"), ("STORAGE_DAYS", "36501"),
      ("OTS_CALENDARS", "not an address"), ("CHECKPOINT_TIMESTAMP_CALENDARS", "nowhere"),
      ("S3_ENDPOINT", "https://s3.example"), ("ESPLORA_URL", "x"),
    ])
  func unusable(name: String, value: String) {
    #expect(refusal(["PITHLEDGER_" + name: value])?.field == "PITHLEDGER_" + name)
  }
}
