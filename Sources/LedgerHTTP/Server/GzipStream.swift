import CLibZ
import NIOCore

/// Compresses bytes into one gzip member (RFC 1952).
@safe
final class GzipStream {
  // The state of zlib has a pointer back to this, which therefore stays in its place.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Errors: ``GzipError`` if there is no memory.
  init() throws(GzipError) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    // 31 is the largest window, with the head and the trailer of gzip.
    let code = unsafe deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      unsafe stream.deallocate()
      throw GzipError(code: code)
    }
  }

  deinit {
    unsafe deflateEnd(stream)
    unsafe stream.deallocate()
  }

  /// Compresses the next bytes. The result is empty while they are collected.
  ///
  /// - Parameter isLast: whether the member ends with these bytes.
  func compress(_ bytes: ByteBuffer, isLast: Bool) throws(GzipError) -> ByteBuffer {
    var input = Array(bytes.readableBytesView)
    let bound = unsafe Int(deflateBound(stream, UInt(input.count)))
    var output = [UInt8](repeating: 0, count: bound + 64)
    var compressed = ByteBuffer()
    var code = Z_OK
    unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe stream.pointee.next_in = input.baseAddress
      unsafe stream.pointee.avail_in = UInt32(input.count)
      repeat {
        code = unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe stream.pointee.next_out = output.baseAddress
          unsafe stream.pointee.avail_out = UInt32(output.count)
          return unsafe deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
        }
        compressed.writeBytes(output.dropLast(Int(unsafe stream.pointee.avail_out)))
      } while unsafe code == Z_OK && stream.pointee.avail_out == 0
      unsafe stream.pointee.next_in = nil
    }
    // A call without progress is no error (zlib.h, deflate).
    guard code == (isLast ? Z_STREAM_END : Z_OK) || (code == Z_BUF_ERROR && !isLast) else {
      throw GzipError(code: code)
    }
    return compressed
  }
}

/// The library for compression failed.
struct GzipError: Error {
  /// The code of zlib.
  let code: Int32
}
