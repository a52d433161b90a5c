// The key file of the shell (`pithledger key generate`): its form, and its checks.

import { base64, hex, unbase64, unbase64url } from "./encoding.js";
import { sha256 } from "./hashing.js";

/** The capacities in which a key may sign. A ledger registers the last two only for its operator. */
export const SIGNER_TYPES = ["author", "replicator", "agent", "moderator", "storage_provider"];

/** What is wrong with a key file, in words for a person. Never contains a part of the key. */
export class KeyFileError extends Error {}

/** The fingerprint of a raw public key: half of its SHA-256. */
export const fingerprint = (publicKey) => hex(sha256(publicKey).subarray(0, 16));

/** Reads a key file. The result has `signer`, `public_key_b64` and `privateKey`, which never leaves the browser. */
export async function readKeyFile(text) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    throw new KeyFileError("This is not a key file: it is not JSON.");
  }
  const seed = typeof file?.private_key_b64 === "string" ? unbase64(file.private_key_b64) : null;
  if (file?.algorithm !== "ed25519" || seed?.length !== 32) {
    throw new KeyFileError("This is not a key file of pithledger: it has no private key of 32 bytes.");
  }
  for (const member of ["key_id", "signer_id", "signer_type"]) {
    const fault = nameFault(file[member]);
    if (fault) throw new KeyFileError(`The member ${member} of this key file is not usable: ${fault}`);
  }
  if (!SIGNER_TYPES.includes(file.signer_type)) {
    throw new KeyFileError(`A key of the type ${file.signer_type} does not belong into a browser.`);
  }
  const key = await importSeed(seed, file.public_key_b64);
  return { ...key, signer: signerOf(file, key.public_key_b64) };
}

/** The text of a key file, which the shell and this browser read. */
export async function writeKeyFile(key) {
  const { d, x } = await crypto.subtle.exportKey("jwk", key.privateKey);
  const file = {
    algorithm: "ed25519",
    key_id: key.signer.key_id,
    private_key_b64: base64(unbase64url(d)),
    public_key_b64: base64(unbase64url(x)),
    public_key_fingerprint: key.signer.public_key_fingerprint,
    signer_id: key.signer.signer_id,
    signer_type: key.signer.signer_type,
  };
  return JSON.stringify(file, null, 2) + "\n";
}

/** Makes a key. */
export async function generateKey(names) {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKey: pair.privateKey, public_key_b64: base64(publicKey), signer: signerOf(names, base64(publicKey)) };
}

/** Why a name cannot be signed; null if it can. */
export function nameFault(text) {
  if (typeof text !== "string" || text === "") return "It is missing.";
  if (new TextEncoder().encode(text).length > 200) return "It has more than 200 bytes.";
  // The ledger refuses these characters in everything that is signed.
  if (/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(text) || !text.isWellFormed()) {
    return "It has characters that control or turn text.";
  }
  return null;
}

const signerOf = (names, publicKey) => ({
  key_id: names.key_id,
  public_key_fingerprint: fingerprint(unbase64(publicKey)),
  signer_id: names.signer_id,
  signer_type: names.signer_type,
});

/** PKCS #8 of an Ed25519 key (RFC 8410) is these bytes and the seed. */
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

async function importSeed(seed, statedPublicKey) {
  const bytes = Uint8Array.from([...PKCS8, ...seed]);
  const privateKey = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]);
  // The browser derives the public key from the private one.
  const { x } = await crypto.subtle.exportKey("jwk", privateKey);
  if (statedPublicKey !== base64(unbase64url(x))) {
    throw new KeyFileError("The public key in the file does not belong to its private key.");
  }
  return { privateKey, public_key_b64: statedPublicKey };
}
