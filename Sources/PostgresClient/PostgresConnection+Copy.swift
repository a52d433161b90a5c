import CLibPQ

/// COPY between this program and the server.
extension PostgresConnection {
  /// The number of bytes that `copyOut` gathers before it passes them on.
  private static let copyChunkBytes = 65_536

  /// Runs `COPY … FROM STDIN` with the data of a sequence, and returns the number of rows.
  ///
  /// If the sequence throws, the COPY is cancelled and the connection stays usable.
  ///
  /// - Throws: a `PostgresError` with the code `protocolMisuse` if the statement is another one;
  ///   errors of the server; errors of the sequence.
  public func copyIn<Chunks: AsyncSequence & Sendable>(
    _ sql: String, _ chunks: Chunks
  ) async throws -> Int where Chunks.Element == [UInt8] {
    try await copying(sql, PGRES_COPY_IN, "FROM STDIN") {
      for try await chunk in chunks {
        let pointer = unsafe try link.pointer()
        let sent = unsafe chunk.withUnsafeBytes { bytes in
          unsafe PQputCopyData(
            pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        try link.require(sent == 1)
        // Nothing stays in libpq's buffer, so that memory holds one chunk of a COPY of any length.
        try link.flush()
      }
      try Task.checkCancellation()
      try link.require(unsafe PQputCopyEnd(try link.pointer(), nil) == 1)
      try link.flush()
      return try copiedRows()
    }
  }

  /// Runs `COPY … TO STDOUT`, and passes about 64 KiB of messages at a time to `consume`.
  ///
  /// If `consume` throws, the COPY is cancelled and the connection stays usable.
  ///
  /// - Throws: a `PostgresError` with the code `protocolMisuse` if the statement is another one;
  ///   errors of the server; errors of `consume`.
  public func copyOut(
    _ sql: String, _ consume: ([UInt8]) async throws -> Void
  ) async throws {
    try await copying(sql, PGRES_COPY_OUT, "TO STDOUT") {
      // Each message is a row. One call for many rows avoids a change of executor for each row.
      var gathered: [UInt8] = []
      var isMore = true
      while isMore {
        isMore = unsafe try nextMessage { unsafe gathered += $0 }
        if gathered.count >= Self.copyChunkBytes || (!isMore && !gathered.isEmpty) {
          // At the end of the data the result of the COPY reports a cancellation.
          if isMore { try Task.checkCancellation() }
          try await consume(gathered)
          gathered.removeAll(keepingCapacity: true)
        }
      }
      _ = try copiedRows()
    }
  }

  /// Runs `COPY … TO STDOUT`, and passes each message, which is a row, to `consume`. The span
  /// refers to libpq's memory.
  ///
  /// `consume` runs on the connection's own thread and must not block.
  ///
  /// - Throws: the errors of ``copyOut(_:_:)``.
  public func copyMessages(
    _ sql: String, _ consume: (RawSpan) throws -> Void
  ) async throws {
    try await copying(sql, PGRES_COPY_OUT, "TO STDOUT") {
      var count = 0
      while unsafe try nextMessage({ try unsafe consume($0.bytes) }) {
        count += 1
        if count & 0xFFF == 0 { try Task.checkCancellation() }
      }
      _ = try copiedRows()
    }
  }

  /// Starts a COPY and runs the rest of it. If `body` throws, the COPY ends and the connection
  /// stays usable.
  private func copying<R>(
    _ sql: String, _ expected: ExecStatusType, _ clause: String, _ body: () async throws -> R
  ) async throws -> R {
    try await running {
      let result = try link.run(sql)
      guard result.status == expected else {
        throw PostgresError(.protocolMisuse, "the statement is not COPY … \(clause)")
      }
    }
    return try await runningCopy {
      do { return try await body() } catch {
        guard link.isOpen else { throw error }
        if expected == PGRES_COPY_IN {
          unsafe PQputCopyEnd(try link.pointer(), "the sender gave up")
        } else {
          cancelRunning()
        }
        try? discardRest()
        throw error
      }
    }
  }

  /// Waits for the next message of a COPY; `false` where there are no more.
  private func nextMessage(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
    while true {
      var buffer: UnsafeMutablePointer<CChar>?
      let length = unsafe PQgetCopyData(try link.pointer(), &buffer, 1)
      if length < 0 { return false }
      if length == 0 {
        try link.wait()
        continue
      }
      defer { unsafe PQfreemem(buffer) }
      try unsafe body(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
      return true
    }
  }

  /// The number of rows of a COPY whose data is complete.
  private func copiedRows() throws -> Int {
    var rows = 0
    var failure: PostgresError?
    while true {
      let result = try link.nextResult()
      guard result.isPresent else { break }
      do throws(PostgresError) {
        try link.check(result)
        rows = result.changedRows ?? rows
      } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    return rows
  }

  /// Reads the rest of a COPY and discards it.
  private func discardRest() throws {
    try link.flush()
    while true {
      let result = try link.nextResult()
      guard result.isPresent else { return }
      guard result.status == PGRES_COPY_OUT else { continue }
      while true {
        var buffer: UnsafeMutablePointer<CChar>?
        let length = unsafe PQgetCopyData(try link.pointer(), &buffer, 1)
        if length < 0 { break }
        if length == 0 { try link.wait() } else { unsafe PQfreemem(buffer) }
      }
    }
  }
}
