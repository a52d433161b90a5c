import Glibc
import Synchronization

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The closure that receives each input. It is global because a C callback cannot capture values.
private let target = Mutex<(@Sendable ([UInt8]) -> Void)?>(nil)

/// Runs libFuzzer, which calls `body` with each input. Does not return.
public func fuzz(_ body: @escaping @Sendable ([UInt8]) -> Void) -> Never {
  target.withLock { $0 = body }
  var count = CommandLine.argc
  var arguments = unsafe CommandLine.unsafeArgv
  let status = unsafe runDriver(&count, &arguments) { start, count in
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    target.withLock { $0 }?(bytes)
    return 0
  }
  exit(status)
}

/// The entry point that libFuzzer's `main` requires. It is never called, because each fuzzer has its own
/// `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func neverCalled(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  preconditionFailure("the program was linked with another main")
}
