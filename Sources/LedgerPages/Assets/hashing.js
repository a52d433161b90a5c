// Hashes files in this browser, piece by piece. No byte of them is sent.

import { hex } from "./encoding.js";
import { Sha256 } from "./sha256.js";

const PIECE = 1 << 20;

/** SHA-256 of bytes. */
export const sha256 = (bytes) => new Sha256().update(bytes).digest();

/**
 * SHA-256 of a file, in hexadecimal. The page stays usable, also with a file of many gigabytes.
 *
 * `onProgress` gets the part that is done, from 0 to 1. `signal` ends the work with its reason.
 */
export async function hashFile(file, onProgress = () => {}, signal = undefined) {
  const hash = new Sha256();
  for (let at = 0; at < file.size; at += PIECE) {
    signal?.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    onProgress(Math.min(1, (at + PIECE) / file.size));
  }
  signal?.throwIfAborted();
  return hex(hash.digest());
}

/** All bytes of a file. */
export const readFile = async (file) => new Uint8Array(await file.arrayBuffer());
