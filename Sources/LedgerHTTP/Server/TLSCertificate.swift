import DurableFiles
import Foundation
public import LedgerDomain
public import LedgerService
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The certificate of the service with its key. A new connection uses what the files had when they were last read.
final class TLSCertificate: Sendable {
  private struct Loaded {
    let context: NIOSSLContext
    let period: CertificatePeriod
    let stamps: [Stamp]
  }

  /// What changes when a file is replaced.
  private struct Stamp: Equatable {
    let inode: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int
  }

  private let files: ServerLimits.TLSFiles
  private let loaded: Mutex<Loaded>

  /// Reads the files.
  ///
  /// Errors: a `Refusal` that names the setting whose file cannot be used.
  init(_ files: ServerLimits.TLSFiles) throws(Refusal) {
    self.files = files
    loaded = Mutex(try Self.load(files))
  }

  /// The context of new connections.
  var context: NIOSSLContext { loaded.withLock { $0.context } }

  /// When the certificate expires.
  var expires: Timestamp { loaded.withLock { $0.period.until } }

  /// When the certificate is valid.
  var period: CertificatePeriod { loaded.withLock { $0.period } }

  /// Whether a file was replaced or changed since it was read.
  var isChanged: Bool { Self.stamps(files) != loaded.withLock { $0.stamps } }

  /// Reads the files again. Open connections keep the certificate with which they began.
  ///
  /// Errors: those of ``init(_:)``; the earlier certificate stays in use then.
  func reload() throws(Refusal) {
    let new = try Self.load(files)
    loaded.withLock { $0 = new }
  }

  private static func load(_ files: ServerLimits.TLSFiles) throws(Refusal) -> Loaded {
    let stamps = stamps(files)
    let certificates = try certificates(in: files.certificate, "TLS_CERTIFICATE_FILE")
    let secret: [UInt8]
    do throws(DurableFileError) { secret = try SecretFile.read(files.key) } catch {
      throw refusal("TLS_KEY_FILE", error.message)
    }
    do {
      let key = try NIOSSLPrivateKey(bytes: secret, format: .pem)
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      // A client that does not answer the end of the connection must not delay a shutdown.
      configuration.shutdownTimeout = .seconds(1)
      return Loaded(
        context: try NIOSSLContext(configuration: configuration),
        period: certificates[0].period, stamps: stamps)
    } catch {
      throw refusal(
        "TLS_KEY_FILE",
        "\(files.key) is not the key, in PEM, of the first certificate of \(files.certificate).")
    }
  }

  /// The certificates of a file, at least one.
  ///
  /// - Parameter name: the setting that names the file.
  fileprivate static func certificates(
    in path: String, _ name: String
  ) throws(Refusal) -> [NIOSSLCertificate] {
    let certificates: [NIOSSLCertificate]
    do { certificates = try NIOSSLCertificate.fromPEMFile(path) } catch {
      throw refusal(name, "\(path) has no certificates in PEM: \(error)")
    }
    guard !certificates.isEmpty else {
      throw refusal(name, "\(path) has no certificates in PEM.")
    }
    return certificates
  }

  private static func refusal(_ name: String, _ message: String) -> Refusal {
    Refusal(.malformed, check: "configuration", field: "PITHLEDGER_" + name, message)
  }

  private static func stamps(_ files: ServerLimits.TLSFiles) -> [Stamp] {
    [files.certificate, files.key].compactMap { path in
      var info = stat()
      guard unsafe stat(path, &info) == 0 else { return nil }
      return Stamp(
        inode: UInt64(info.st_ino), size: Int64(info.st_size), seconds: info.st_mtim.tv_sec,
        nanoseconds: info.st_mtim.tv_nsec)
    }
  }
}

extension NIOSSLCertificate {
  fileprivate var period: CertificatePeriod {
    func time(_ seconds: Int) -> Timestamp {
      Timestamp(microseconds: 0).adding(seconds: Int64(seconds))
    }
    return CertificatePeriod(from: time(notValidBefore), until: time(notValidAfter))
  }
}

/// Reads the files of TLS as the service does.
public struct TLSFileReader: CertificateReader {
  /// Makes a reader.
  public init() {}

  public func service(_ files: ServerLimits.TLSFiles) throws(Refusal) -> CertificatePeriod {
    try TLSCertificate(files).period
  }

  public func all(in path: String) throws(Refusal) -> [CertificatePeriod] {
    try TLSCertificate.certificates(in: path, "FETCH_CA_FILE").map(\.period)
  }
}

/// Reads the files of the certificate again when they change, and at the signal SIGHUP.
struct CertificateReloader: Service {
  let certificate: TLSCertificate
  let logger: Logger
  /// How often the files are looked at.
  var interval: Duration = .seconds(10)

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask {
          for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
        }
        group.addTask {
          while !Task.isCancelled {
            if certificate.isChanged { reload() }
            try? await Task.sleep(for: interval)
          }
        }
      }
    }
  }

  private func reload() {
    do throws(Refusal) {
      try certificate.reload()
      logger.notice("the certificate was read again; it expires at \(certificate.expires)")
    } catch {
      // Between the replacement of the two files they do not belong together.
      logger.error(
        "the certificate was not read again, and the earlier one stays in use: \(error.message)")
    }
  }
}
