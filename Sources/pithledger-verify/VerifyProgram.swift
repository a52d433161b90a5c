import VerifyCommands

/// The same checks as `pithledger verify`, in a program that needs neither PostgreSQL nor its libraries.
@main enum VerifyProgram {
  static func main() async { await CommandProgram.run(Verify.self) }
}
