import Testing

@testable import LedgerService

/// How the answers of the kernel about the clock become findings.
@Suite("The clock of the machine")
struct DoctorClockTests {
  @Test(
    "Each answer is told as what it is",
    arguments: [
      (KernelClock(isSynchronised: true, maxError: 1500), "ok", "to 2 ms at worst"),
      (KernelClock(isSynchronised: true, maxError: 1_000_001), "warning", "to 1001 ms at worst"),
      (KernelClock(isSynchronised: false, maxError: 16_000_000), "warning", "no time service"),
      (nil, "skipped", "not checked"),
    ] as [(KernelClock?, String, String)])
  func findings(clock: KernelClock?, state: String, words: String) {
    let finding = KernelClock.finding(clock)
    #expect(finding.state.rawValue == state)
    #expect(finding.text.contains(words), "\(finding.text)")
  }
}
