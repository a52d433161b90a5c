public import LedgerDomain

/// Reads certificates for the checks of an installation, with the library that serves and connects.
public protocol CertificateReader: Sendable {
  /// The certificate of the service: the first one of its file.
  ///
  /// Errors: a `Refusal` that names the file: it has no certificate, or the key is not the certificate's.
  func service(_ files: ServerLimits.TLSFiles) throws(Refusal) -> CertificatePeriod
  /// The certificates in a file.
  ///
  /// Errors: a `Refusal` for a file without certificates in PEM.
  func all(in path: String) throws(Refusal) -> [CertificatePeriod]
}

/// When a certificate is valid.
public struct CertificatePeriod: Sendable, Equatable {
  /// The first second.
  public let from: Timestamp
  /// The last second.
  public let until: Timestamp

  /// Makes a period.
  public init(from: Timestamp, until: Timestamp) {
    self.from = from
    self.until = until
  }
}

/// Checks of the contents of files of TLS.
extension Doctor {
  /// Days before the end of a certificate in which it should have been replaced already.
  private static let fewDays: Int64 = 14

  func tls() -> [Finding] {
    var findings: [Finding] = []
    if let files = configuration.server.tls {
      do throws(Refusal) {
        findings.append(Self.certificate(try certificates.service(files), now: .now))
      } catch { findings.append(Finding("TLS certificate", error)) }
    }
    if let path = configuration.externalServices.additionalRootsFile {
      do throws(Refusal) {
        findings.append(Self.roots(try certificates.all(in: path), path, now: .now))
      } catch { findings.append(Finding("TLS roots", error)) }
    }
    return findings
  }

  static func certificate(_ period: CertificatePeriod, now: Timestamp) -> Finding {
    let name = "TLS certificate"
    if now < period.from {
      return Finding(
        name, .fault, "it is not valid before \(period.from)",
        remedy: "Wait, set the clock of the machine, or use another certificate.")
    }
    if now > period.until {
      return Finding(
        name, .fault, "it expired at \(period.until)",
        remedy: "Renew it. The service reads the files again when they change.")
    }
    let days = (period.until.microseconds - now.microseconds) / 86_400_000_000
    let text = "its key belongs to it, and it is valid until \(period.until), \(days) days more"
    guard days < fewDays else { return Finding(name, .ok, text) }
    return Finding(
      name, .warning, text,
      remedy: "Renew it. The service reads the files again when they change.")
  }

  static func roots(_ periods: [CertificatePeriod], _ path: String, now: Timestamp) -> Finding {
    let expired = periods.count { now > $0.until }
    guard expired > 0 else {
      return Finding("TLS roots", .ok, "\(periods.count) certificates in \(path)")
    }
    return Finding(
      "TLS roots", expired == periods.count ? .fault : .warning,
      "\(expired) of \(periods.count) certificates in \(path) are expired",
      remedy: "Replace them: servers with certificates under them are refused.")
  }
}
