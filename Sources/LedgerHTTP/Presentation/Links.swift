import LedgerDomain
public import LedgerService

/// The addresses that responses contain, all below one base address.
public struct Links: Sendable, Equatable {
  private let base: String

  /// Makes links.
  ///
  /// - Parameter base: scheme and authority without a slash at the end, or nothing for links that begin with the path.
  public init(base: String = "") { self.base = base }

  /// Makes links below the ledger's public address.
  ///
  /// - Parameter otherwise: the base where the configuration names no public address.
  public init(_ configuration: LedgerConfiguration, otherwise: String = "") {
    base = configuration.publicURL ?? otherwise
  }

  /// The page of a record.
  func page(_ number: PithNumber) -> String { "\(base)/pith/\(number.suffix)" }

  /// The path below which the interfaces of a record are.
  func api(_ number: PithNumber) -> String { "\(base)/api/pith-number/\(number.suffix)" }

  /// The short address of a record.
  func paper(_ number: PithNumber) -> String { "\(base)/paper/\(number.suffix.prefix(8))" }

  /// The search for a record by one query parameter.
  func resolve(_ query: String) -> String {
    "\(base)/api/pith-number/resolve?\(query)&json=true"
  }

  /// A page of a record's events.
  func events(of number: PithNumber, from: Position, limit: Int) -> String {
    "\(api(number))/events.json?from=\(from)&limit=\(limit)"
  }

  /// A page of the log.
  func events(from: Position, limit: Int) -> String {
    "\(base)/api/events?from=\(from)&limit=\(limit)"
  }
}
