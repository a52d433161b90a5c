import CLibPQ

/// A result of libpq, freed when it goes out of scope.
@safe struct LibPQResult: ~Copyable {
  let pointer: OpaquePointer?

  init(_ pointer: OpaquePointer?) { unsafe self.pointer = pointer }

  deinit { unsafe PQclear(pointer) }

  /// Whether there is a result. libpq reports the end of results by a null pointer.
  var isPresent: Bool { unsafe pointer != nil }

  var status: ExecStatusType { unsafe PQresultStatus(pointer) }

  /// Whether the result is an error.
  var isError: Bool {
    switch status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY, PGRES_COPY_IN, PGRES_COPY_OUT,
      PGRES_SINGLE_TUPLE, PGRES_PIPELINE_SYNC:
      false
    default: true
    }
  }

  /// The number of rows that a command changed or copied.
  var changedRows: Int? { unsafe Int(String(cString: PQcmdTuples(pointer))) }

  /// The error that the server reported; `nil` where the result has no SQLSTATE.
  var serverError: PostgresError? {
    func field(_ code: Unicode.Scalar) -> String? {
      guard let text = unsafe PQresultErrorField(pointer, Int32(UInt8(ascii: code))) else {
        return nil
      }
      return unsafe String(cString: text)
    }
    guard let state = field("C").map(SQLState.init(rawValue:)) else { return nil }
    let code: PostgresError.Code =
      switch state {
      case .queryCanceled: Task.isCancelled ? .cancelled : .timedOut
      case .adminShutdown, .crashShutdown, .cannotConnectNow: .connectionLost
      default: .server
      }
    return PostgresError(
      code, field("M") ?? "an error without a message", sqlState: state, detail: field("D"),
      hint: field("H"), constraint: field("n"))
  }

  /// The rows, copied out of libpq's memory.
  var rows: [PostgresRow] {
    let pointer = unsafe pointer
    let columns = unsafe PQnfields(pointer)
    let types = (0..<columns).map { unsafe PQftype(pointer, $0) }
    return (0..<(unsafe PQntuples(pointer))).map { row in
      let values: [[UInt8]?] = (0..<columns).map { column in
        if unsafe PQgetisnull(pointer, row, column) == 1 { return nil }
        let length = unsafe Int(PQgetlength(pointer, row, column))
        return unsafe Array(
          UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: length))
      }
      return PostgresRow(columns: values, types: types)
    }
  }
}
