import ArgumentParser
import LedgerDomain
import LedgerStore
import LedgerVerifier

/// Translates errors into one line on standard error and an exit code.
///
/// Specification: errors.md, section Exit codes.
enum Failure {
  /// Runs the body of a command.
  ///
  /// - Throws: an `ExitCode` for every error of the body. The error has been reported then.
  static func reported(_ body: () async throws -> Void) async throws {
    do { try await body() } catch let code as ExitCode { throw code } catch let refusal as Refusal {
      Diagnostics.report(line(for: refusal))
      throw ExitCode(refusal.code == .unavailable ? 69 : 2)
    } catch let fault as LogFault {
      Diagnostics.report("does not hold: \(fault)")
      throw ExitCode(1)
    } catch is CancellationError {
      throw ExitCode(130)
    } catch {
      Diagnostics.report("\(error)")
      throw ExitCode(LedgerStoreError.isUnavailability(error) ? 69 : 70)
    }
  }

  /// Describes an error in one line. A refusal has the command that resolves it, if there is one.
  static func line(for error: any Error) -> String {
    guard let advice = (error as? Refusal)?.remedy?.commandAdvice else { return "\(error)" }
    return "\(error) \(advice)"
  }
}
