import DurableFiles
import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerStore
public import Logging

/// Checks an installation, and says for each fault what to do about it. Creates and starts nothing.
public struct Doctor: Sendable {
  /// The result of one check.
  public struct Finding: Sendable {
    /// How serious it is.
    public enum State: String, Sendable {
      /// As it should be.
      case ok
      /// It works, and may not always.
      case warning
      /// It does not work, or it is not safe.
      case fault
      /// It could not be checked, or was not asked for.
      case skipped
    }
    /// The name of the check.
    public let check: String
    /// How serious it is.
    public let state: State
    /// What was found.
    public let text: String
    /// What to do; `nil` if nothing.
    public let remedy: String?

    init(_ check: String, _ state: State, _ text: String, remedy: String? = nil) {
      self.check = check
      self.state = state
      self.text = text
      self.remedy = remedy
    }

    /// A fault that a refusal describes.
    init(_ check: String, _ refusal: Refusal) {
      self.init(check, .fault, refusal.message)
    }
  }

  let values: SettingValues
  let configuration: LedgerConfiguration
  let logger: Logger
  /// The faults of the settings. The defaults are used if there are any.
  private let settingFaults: [Refusal]
  private let checksNetwork: Bool
  let certificates: any CertificateReader

  /// Makes a doctor for the installation that settings describe.
  ///
  /// - Parameters:
  ///   - values: the settings.
  ///   - network: whether configured services elsewhere are asked.
  ///   - certificates: reads the files of TLS.
  ///   - logger: the log of the process.
  public init(
    _ values: SettingValues, network: Bool, certificates: any CertificateReader, logger: Logger
  ) {
    self.values = values
    self.certificates = certificates
    self.logger = logger
    checksNetwork = network
    var faults = values.faults
    var configuration = LedgerConfiguration(dataDirectory: values.dataDirectory)
    do throws(Refusal) { configuration = try LedgerConfiguration(values) } catch {
      if faults.isEmpty { faults.append(error) }
    }
    configuration.createsMissing = false
    self.configuration = configuration
    settingFaults = faults
  }

  /// Runs all checks, one after the other.
  public func run() async -> [Finding] {
    var findings = settings()
    findings.append(await programs())
    findings += machine()
    findings += files()
    findings += tls()
    // Without usable settings, which database is meant is not known.
    if settingFaults.isEmpty {
      findings += await database()
    } else {
      findings.append(Finding("database", .skipped, "not checked: the settings cannot be used"))
    }
    findings += await network()
    return findings
  }

  private func settings() -> [Finding] {
    if settingFaults.isEmpty {
      let file = values.file.map { "from \($0), " } ?? ""
      return [Finding("settings", .ok, "\(file)all can be used")]
    }
    return settingFaults.map {
      Finding(
        "settings", .fault, [$0.field, $0.message].compactMap { $0 }.joined(separator: ": "),
        remedy: "Correct the setting; `pithledger config check` prints all of them.")
    }
  }

  /// The programs of PostgreSQL, which only the private one needs.
  private func programs() async -> Finding {
    do {
      let found = try await EmbeddedPostgres.programs()
      return Finding("programs", .ok, "\(found.version) in \(found.directory)")
    } catch {
      let message = (error as? EmbeddedPostgresError)?.message ?? "\(error)"
      if values.hasDatabase {
        return Finding("programs", .ok, "none found, and none needed: a database is configured")
      }
      return Finding("programs", .fault, message)
    }
  }

  // MARK: Services elsewhere

  private func network() async -> [Finding] {
    let services = configuration.externalServices
    var addresses: [(name: String, address: String)] = [
      ("ESPLORA_URL", services.esploraURL), ("BITCOIN_CORE_URL", services.bitcoinCoreURL),
      ("S3_ENDPOINT", services.s3?.url), ("ORCID_ISSUER", services.orcidIssuer),
      ("IPFS_GATEWAY", services.ipfsGatewayURL), ("WAYBACK_URL", services.waybackURL),
      ("SOFTWARE_HERITAGE_URL", services.softwareHeritageURL),
    ].compactMap { name, address in address.map { (name, $0) } }
    addresses += services.calendars.sorted().map { ("OTS_CALENDARS", $0) }
    addresses += configuration.checkpointTimestampCalendars.map {
      ("CHECKPOINT_TIMESTAMP_CALENDARS", $0)
    }
    addresses += configuration.checkpointTimestampAuthorities.map {
      ("CHECKPOINT_TIMESTAMP_AUTHORITIES", $0)
    }
    addresses += configuration.witnesses.map { ("WITNESSES", $0.url) }
    guard checksNetwork else {
      return [
        Finding(
          "network", .skipped, "\(addresses.count) services not asked; --network asks them")
      ]
    }
    var findings: [Finding] = []
    for (name, address) in addresses { findings.append(await ask(name, address)) }
    return findings
  }
}
