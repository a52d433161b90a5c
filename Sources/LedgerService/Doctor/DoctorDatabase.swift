import EmbeddedPostgres
import Foundation
import LedgerDomain
import LedgerStore
import TransparencyLog

/// Checks of the database and of the log in it.
extension Doctor {
  /// The longest difference of two clocks, in seconds, that nobody notices.
  private static let maxSkew: Int64 = 5
  private static let maxLag: Int64 = 1000

  func database() async -> [Finding] {
    var uri = configuration.databaseURL
    if uri == nil {
      guard EmbeddedPostgres.hasCluster(dataDirectory: configuration.dataDirectory) else {
        return [
          Finding(
            "database", .warning, "\(configuration.dataDirectory) has no private PostgreSQL",
            remedy:
              "`pithledger serve` and `pithledger import` begin a ledger, or name a database by "
              + "PITHLEDGER_DATABASE_URL.")
        ]
      }
      uri = EmbeddedPostgres.runningURI(dataDirectory: configuration.dataDirectory)
    }
    guard let uri else {
      return [
        Finding(
          "database", .skipped,
          "the private PostgreSQL does not run, and is not started for this check",
          remedy: "Run `pithledger doctor` while `pithledger serve` runs.")
      ]
    }
    let logins: StoreConfiguration.Logins =
      configuration.databaseURL == nil || configuration.usesSeparateLogins ? .separate : .shared
    do {
      let store = try await LedgerStore.open(
        StoreConfiguration(uri: uri, logins: logins, readers: 1, logger: logger))
      let findings = await checked(store)
      await store.close()
      return findings
    } catch {
      return [Self.outage(error)]
    }
  }

  private static func outage(_ error: any Error) -> Finding {
    guard let error = error as? LedgerStoreError else {
      return Finding("database", .fault, "\(error)")
    }
    if LedgerStoreError.isUnavailability(error) {
      return Finding(
        "database", .fault, "it cannot be reached: \(error.message)",
        remedy:
          "Start PostgreSQL, and check PITHLEDGER_DATABASE_URL, pg_hba.conf and the passwords.")
    }
    // The message of another schema names the command.
    return Finding("database", .fault, error.message)
  }

  private func checked(_ store: LedgerStore) async -> [Finding] {
    var findings = [
      Finding("database", .ok, "it can be reached, and has the schema of this program")
    ]
    do {
      findings += Self.server(try await store.facts())
      let size = try await store.log.size()
      guard !size.isEmpty else {
        return findings + [
          Finding(
            "log", .warning, "the log has no events",
            remedy: "`pithledger serve` and `pithledger import` begin a ledger.")
        ]
      }
      findings.append(Finding("log", .ok, "\(size) events"))
      if let last = try await store.log.events(from: size.end.previous, limit: 1).first,
        last.recordedAt.microseconds > Timestamp.now.microseconds + Self.maxSkew * 1_000_000
      {
        findings.append(
          Finding(
            "clock", .fault,
            "the newest event was recorded at \(last.recordedAt), which is later than now",
            remedy: "Set the clock of this machine, or of the one that recorded it."))
      }
      findings += try await keys(store)
      findings.append(try await projections(store, size))
      findings.append(try await checkpoint(store, size))
    } catch {
      findings.append(Self.outage(error))
    }
    return findings
  }

  private static func server(_ facts: DatabaseFacts) -> [Finding] {
    let version = "PostgreSQL \(facts.version / 10_000).\(facts.version % 10_000)"
    var findings = [
      facts.version >= 150_000
        ? Finding("server", .ok, version + (facts.isStandby ? ", a standby" : ""))
        : Finding("server", .fault, version, remedy: "Use PostgreSQL 15 or newer.")
    ]
    if !facts.unsafeSettings.isEmpty {
      let names = facts.unsafeSettings.joined(separator: ", ")
      findings.append(
        Finding(
          "durability", .fault, "off: \(names). A crash can lose acknowledged events",
          remedy: "Set \(names) to on in postgresql.conf."))
    }
    let skew = abs(facts.microseconds - Timestamp.now.microseconds) / 1_000_000
    if skew > maxSkew {
      findings.append(
        Finding(
          "clocks", .warning, "the clock of PostgreSQL differs by \(skew) s",
          remedy: "Run a time service on both machines."))
    }
    return findings
  }

  /// Whether the keys of this machine are those of the log.
  private func keys(_ store: LedgerStore) async throws -> [Finding] {
    var findings: [Finding] = []
    let (timeline, next) = try await TimelineCache(store: store).current()
    let path =
      configuration.registryKeyFile
      ?? URL(fileURLWithPath: configuration.dataDirectory).appending(path: "registry.key").path
    if FileManager.default.fileExists(atPath: path) {
      do throws(Refusal) {
        let own = try KeyFile(path: path).key.fingerprint
        findings.append(
          timeline.registryKey(at: next) == own
            ? Finding("registry key", .ok, "it is the registry key of the log")
            : Finding(
              "registry key", .fault, "\(path) is not the registry key of the log",
              remedy: "Put the right file there, or name it by PITHLEDGER_REGISTRY_KEY_FILE."))
      } catch { findings.append(Finding("registry key", error)) }
    }
    if FileManager.default.fileExists(atPath: configuration.logKeyPath) {
      findings += try await logKey(store)
    }
    return findings
  }

  private func logKey(_ store: LedgerStore) async throws -> [Finding] {
    let path = configuration.logKeyPath
    let origin = try await store.log.origin()
    let size = try await store.log.size()
    let stored = try await store.tree.state().logKey
    do throws(Refusal) {
      let key = try LogKey.read(path).verifierKey
      guard stored == nil || stored == key.description else {
        return [
          Finding(
            "log key", .fault, "\(path) is not the key that signed the checkpoints of the log",
            remedy: "Put the right file there, or name it by PITHLEDGER_LOG_KEY_FILE.")
        ]
      }
      let memory = CheckpointMemory(path: path + ".checkpoint", key: key, origin: origin)
      let last = try memory.last()
      if last == nil, stored != nil {
        return [
          Finding(
            "last checkpoint", .fault, "\(memory.path) does not exist",
            remedy: "Put it back, or `pithledger checkpoint adopt FILE`.")
        ]
      }
      if let last, last.checkpoint.size > size {
        return [
          Finding(
            "last checkpoint", .fault,
            "\(last.checkpoint.size) events were signed for, and the log has \(size): the database is older",
            remedy: "Restore the newest backup: see Tamper evidence in docs/operations.md.")
        ]
      }
    } catch { return [Finding("log key", error)] }
    return [Finding("log key", .ok, "it is the key of the log's checkpoints")]
  }

  private func projections(_ store: LedgerStore, _ size: TreeSize) async throws -> Finding {
    let projected = try await store.projections.position()
    let lag = max(0, projected.next.distance(to: size.end))
    guard lag > Self.maxLag else {
      return Finding("projections", .ok, "\(lag) events behind the log")
    }
    return Finding(
      "projections", .warning, "\(lag) events behind the log",
      remedy:
        "Wait if it decreases. Otherwise start `pithledger serve`, whose projector follows the log."
    )
  }

  private func checkpoint(_ store: LedgerStore, _ size: TreeSize) async throws -> Finding {
    let covered = try await store.checkpoints.latest()?.size ?? .zero
    guard covered < size else { return Finding("checkpoint", .ok, "it covers the whole log") }
    guard let first = try await store.log.events(from: covered.end, limit: 1).first else {
      return Finding("checkpoint", .ok, "it covers \(covered) events")
    }
    let age = max(0, Timestamp.now.microseconds - first.recordedAt.microseconds) / 1_000_000
    let text = "it covers \(covered) of \(size) events, and the next one is \(age) s old"
    let interval = configuration.checkpointInterval.components.seconds
    guard age > 60 + 10 * interval else { return Finding("checkpoint", .ok, text) }
    return Finding(
      "checkpoint", .warning, text,
      remedy: "Start `pithledger serve`, which signs checkpoints, or `pithledger checkpoint`.")
  }
}
