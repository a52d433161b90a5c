// The digest that a proof of time is about, as far as a browser can tell without checking the proof.

import { hex } from "./encoding.js";

const MAGIC = "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e89294";
/** The length of the digest by the tag of its hash function. */
const OTS_HASHES = { "08": ["SHA-256", 32], "02": ["SHA-1", 20], "03": ["RIPEMD-160", 20], "67": ["Keccak-256", 32] };
/** A message imprint over SHA-256: the algorithm, with or without NULL, and 32 bytes (RFC 3161, section 2.4.1). */
const IMPRINT = /(?:3031300d06096086480165030402010500|302f300b0609608648016503040201)0420([0-9a-f]{64})/;

/** The form, the hash function and the digest of a proof; undefined for a file that is neither form. */
export function timeProof(bytes) {
  const head = hex(bytes.subarray(0, 65));
  if (head.startsWith(MAGIC)) {
    const [algorithm, length] = OTS_HASHES[head.slice(64, 66)] ?? [];
    return { kind: "opentimestamps", algorithm, digest: length && head.slice(66, 66 + 2 * length) };
  }
  if (bytes[0] !== 0x30) return undefined;
  // The imprint stands in the first half of a token. A digest that is not found is left to the ledger.
  const digest = IMPRINT.exec(hex(bytes.subarray(0, 65_536)))?.[1];
  return { kind: "rfc3161", algorithm: digest && "SHA-256", digest };
}
