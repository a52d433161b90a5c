import CTimex
import Foundation

/// What the kernel says about the clock of the machine. A time service tells the kernel when it has synchronised it.
struct KernelClock {
  /// Whether it is synchronised.
  let isSynchronised: Bool
  /// The largest error that the kernel computes from what the time service told it, in microseconds.
  let maxError: Int64

  init(isSynchronised: Bool, maxError: Int64) {
    self.isSynchronised = isSynchronised
    self.maxError = maxError
  }

  /// Asks the kernel; `nil` if this process may not ask.
  init?() {
    // Without modes nothing is changed, which needs no rights.
    var state = timex()
    let answer = unsafe adjtimex(&state)
    guard answer >= 0 else { return nil }
    isSynchronised = answer != TIME_ERROR && state.status & STA_UNSYNC == 0
    maxError = Int64(state.maxerror)
  }

  /// The error of a clock above which times in the log mislead, in microseconds.
  private static let largeError: Int64 = 1_000_000

  static func finding(_ clock: KernelClock?) -> Doctor.Finding {
    typealias Finding = Doctor.Finding
    let name = "clock synchronisation"
    guard let clock else {
      return Finding(name, .skipped, "not checked: the kernel does not say")
    }
    guard clock.isSynchronised else {
      return Finding(
        name, .warning, "no time service has told the kernel that the clock is synchronised",
        remedy:
          "Run a time service, such as chrony or systemd-timesyncd. A host may set the clock of a virtual machine "
          + "without telling its kernel.")
    }
    let text = "the clock is synchronised, to \((clock.maxError + 999) / 1000) ms at worst"
    guard clock.maxError > largeError else { return Finding(name, .ok, text) }
    return Finding(
      name, .warning, text, remedy: "Check that the time service reaches its servers.")
  }
}
