import ArgumentParser
import CanonicalJSON
import LedgerDomain
import LedgerStore
import LedgerVerifier

/// An error that ends a command: its line on standard error, or its JSON value for `--json`, and the exit
/// code.
///
/// Specification: errors.md, section Errors of the command line.
struct Failure {
  /// One line that describes the error and says what to do.
  let text: String
  /// The exit code.
  let exitCode: Int32
  private var members: JSONObject

  /// Describes an error.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self.init(refusal)
    case let fault as LogFault:
      self.init(check: fault.check, fault.message, text: "does not hold: \(fault)", exitCode: 1)
      members["place"] = fault.place.map { .string($0) }
      members["position"] = fault.position.map { .integer($0.rawValue) }
    case let error where LedgerStoreError.isUnavailability(error):
      self.init(check: "database", "\(error)", exitCode: 69)
    case let error as LedgerStoreError where error.code == .notMigrated:
      self.init(check: "not_migrated", error.message, text: "\(error)", exitCode: 69)
    default: self.init(check: "internal", "\(error)", exitCode: 70)
    }
  }

  private init(_ refusal: Refusal) {
    let advice = [refusal.remedy?.commandAdvice].compactMap { $0 }
    self.init(
      check: refusal.check, ([refusal.message] + advice).joined(separator: " "),
      text: (["\(refusal)"] + advice).joined(separator: " "),
      exitCode: refusal.code == .unavailable ? 69 : 2)
    members["field"] = refusal.field.map { .string($0) }
    members["offset"] = refusal.offset.map { .integer(Int64($0)) }
    members["retry_after"] = refusal.retryAfter.map { .integer(Int64($0)) }
    if !refusal.candidates.isEmpty {
      members["candidates"] = .array(refusal.candidates.map { .string($0) })
    }
  }

  /// Makes a failure.
  ///
  /// - Parameter text: the line; `nil` if it is the message.
  init(check: String, _ message: String, text: String? = nil, exitCode: Int32) {
    self.text = text ?? message
    self.exitCode = exitCode
    members = ["check": .string(check), "message": .string(message)]
  }

  /// One JSON object with `check`, `exit_code`, `message`, and where they are known `field`, `offset`,
  /// `candidates`, `place`, `position` and `retry_after`.
  ///
  /// - Parameter other: members that say which part of the input was at fault.
  func json(with other: JSONObject = [:]) -> JSON {
    var json = members
    for (name, value) in other { json[name] = value }
    json["exit_code"] = .integer(Int64(exitCode))
    return .object(json)
  }

  /// Writes the failure to standard error, in one line.
  func report(asJSON: Bool) {
    if asJSON { Diagnostics.reportJSON(json()) } else { Diagnostics.report(text) }
  }

  /// Runs the body of a command.
  ///
  /// - Throws: an `ExitCode` for every error of the body. The error has been reported then. An error about
  ///   the arguments is thrown as it is.
  static func reported(asJSON: Bool, _ body: () async throws -> Void) async throws {
    do { try await body() } catch let code as ExitCode { throw code } catch let usage
      as ValidationError
    { throw usage } catch is CancellationError {
      throw ExitCode(130)
    } catch {
      let failure = Failure(error)
      failure.report(asJSON: asJSON)
      throw ExitCode(failure.exitCode)
    }
  }
}
