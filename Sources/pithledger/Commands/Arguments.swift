import DurableFiles
import Encodings
import Foundation
import LedgerDomain

/// Reads a file, or standard input for `-`.
func read(_ path: String) throws(Refusal) -> [UInt8] {
  if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
  guard let data = FileManager.default.contents(atPath: path) else {
    throw Refusal(.malformed, check: "file", field: path, "The file cannot be read.")
  }
  return Array(data)
}

/// Reads an identity token from a file, without line feeds at its end.
func readToken(_ file: String) throws -> [UInt8] {
  var bytes = try read(file)
  while bytes.last == 0x0A { bytes.removeLast() }
  return bytes
}

/// Replaces a file with bytes, durably.
func write(_ bytes: [UInt8], to path: String) throws(Refusal) {
  do throws(DurableFileError) { try DurableFile.replace(path, with: bytes) } catch {
    throw Refusal(.unavailable, check: "file", field: path, error.message)
  }
}

/// Parses an argument that is a SHA-256 in hexadecimal.
func digest(_ text: String) throws(Refusal) -> Digest {
  guard let digest = Digest(hex: text.lowercased()) else {
    throw Refusal(.malformed, check: "sha256", "A SHA-256 has 64 hexadecimal digits.")
  }
  return digest
}
