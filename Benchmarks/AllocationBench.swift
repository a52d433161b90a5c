import Foundation

/// (c) Counts the allocations of the service for each submission.
///
/// A library that `scripts/bench` compiles from `Benchmarks/allocations.c` counts them. The service runs with
/// it only for this, because counting takes time.
struct AllocationBench {
  let http: HTTPBench

  func run() async throws {
    let library = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("pithledger-allocations.so").path
    guard FileManager.default.fileExists(atPath: library) else {
      say(
        "(c) allocations of a submission: not measured: scripts/bench did not compile the counter")
      return
    }
    let file = http.directory + "/allocations"
    let bench = http.bench
    let submissions = try SubmissionLoad(http: http, records: bench.records)
    try await http.withService(
      environment: ["LD_PRELOAD": library, "PITHLEDGER_BENCH_ALLOCATIONS": file]
    ) { port, _ in
      try await http.settle()
      guard Self.read(file) != nil else {
        say("(c) allocations of a submission: not measured: the counter was not loaded")
        return
      }
      var calls: [Double] = []
      var bytes: [Double] = []
      for round in 0..<bench.rounds {
        guard let before = Self.read(file) else { return }
        let result = try await submissions.submit(port: port, series: round, seconds: 2)
        guard let after = Self.read(file) else { return }
        let count = Double(max(result.count, 1))
        calls.append(Double(after.calls - before.calls) / count)
        bytes.append(Double(after.bytes - before.bytes) / count)
      }
      let events = try await bench.logSize()
      try bench.report(
        "submission.allocations", "(c) a submission, allocations of the service", at: events, calls,
        .count)
      try bench.report(
        "submission.allocated", "(c) a submission, allocated by the service", at: events, bytes,
        .bytes)
    }
  }

  /// The calls of the allocator so far and the bytes that they requested; `nil` if there is no counter.
  private static func read(_ file: String) -> (calls: UInt64, bytes: UInt64)? {
    guard let data = FileManager.default.contents(atPath: file), data.count == 16 else {
      return nil
    }
    // The counter writes two integers in the byte order of the machine.
    func integer(_ place: Int) -> UInt64 {
      data[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    return (integer(0), integer(8))
  }
}
