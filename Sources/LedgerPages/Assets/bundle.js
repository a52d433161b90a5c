// Verifies parts of a bundle in the browser (docs/specification/bundle.md): form, signature of the checkpoint, inclusion
// and signatures of the entries, and the document. It does not fold the events, and does not check proofs of time.

import { canonicalBytes, canonicalText } from "./canonical-json.js";
import { hex, unbase64, utf8 } from "./encoding.js";
import { sha256 } from "./hashing.js";

const FORMATS = ["pith-ledger-bundle/1", "pith-ledger-bundle/2"];
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A part of a bundle that does not hold. */
export class BundleFault extends Error {}

function require(condition, message) {
  if (!condition) throw new BundleFault(message);
}

/** Whether a text is a bundle, as far as its beginning tells. */
export const isBundle = (text) => text.startsWith("{") && text.includes('"format":"pith-ledger-bundle/');

/**
 * Verifies what this module can verify. The result has `facts`, each a sentence about what holds.
 *
 * Throws a BundleFault with what does not hold, and another error where something could not be verified.
 */
export async function verifyBundle(text, logKey, onProgress = () => {}) {
  const bundle = parsed(text);
  const checkpoint = await verifiedCheckpoint(bundle.checkpoint, logKey);
  const lists = [bundle.keys, bundle.events, bundle.names ?? []];
  require(lists.every(Array.isArray), "The bundle has no lists of entries.");
  const keys = registeredKeys(bundle.keys);
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  let done = 0;
  for (const list of lists) {
    let last = -1;
    for (const item of list) {
      require(Number.isSafeInteger(item.position) && item.position > last, "The positions do not ascend.");
      last = item.position;
      verifyInclusion(item, checkpoint);
      await verifyEvent(item, keys);
      onProgress(++done / total);
    }
  }
  requireSubjects(bundle);
  const number = verifiedNumber(bundle);
  verifyDocument(bundle);
  return {
    number,
    facts: [
      "The file is canonical JSON of a known format.",
      `The checkpoint of ${checkpoint.size} entries is signed with the key of the log that is given above.`,
      `Each of the ${total} entries is in the log at its position, under the root of that checkpoint.`,
      "Each event has the id of its body, and its signature verifies under the key that the log registered.",
      `The canonical record has the Pith Number ${number}.`,
      bundle.document === null ? "The bundle has no document." : "The document is one that an event of the record names.",
    ],
    size: checkpoint.size, origin: checkpoint.origin,
  };
}

function parsed(text) {
  let bundle;
  try {
    bundle = JSON.parse(text);
  } catch {
    throw new BundleFault("The file is not JSON.");
  }
  require(FORMATS.includes(bundle?.format), "The file does not have the format of a bundle.");
  let canonical;
  try {
    canonical = canonicalText(bundle);
  } catch {
    throw new BundleFault("The file has a value that canonical JSON does not have.");
  }
  require(canonical === text, "The file is not canonical JSON: it was changed or written anew.");
  return bundle;
}

// MARK: Checkpoint

/** Parses `name+id+base64`. */
function verifierKey(text) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  const bytes = match && unbase64(match[3]);
  // The reader's key is no part of the bundle, so that its faults are none of the bundle.
  if (bytes?.length !== 33 || bytes[0] !== 1) {
    throw new Error("The key of the log has the form NAME+ID+KEY, as this ledger shows it.");
  }
  const id = sha256(concatenated(utf8(match[1]), [0x0a], bytes)).subarray(0, 4);
  if (hex(id) !== match[2]) throw new Error("The key of the log has another id than it says.");
  return { name: match[1], id, publicKey: bytes.subarray(1) };
}

async function verifiedCheckpoint(note, logKey) {
  const key = verifierKey(logKey);
  require(typeof note === "string", "The bundle has no checkpoint.");
  const end = note.lastIndexOf("\n\n");
  require(end >= 0, "The checkpoint is not a signed note.");
  const text = note.slice(0, end + 1);
  const signatures = note.slice(end + 2).split("\n").filter((line) => line !== "");
  let isSigned = false;
  for (const line of signatures) {
    const parts = line.split(" ");
    const bytes = parts.length === 3 && parts[0] === "—" ? unbase64(parts[2]) : null;
    require(bytes, "The checkpoint has a malformed signature.");
    if (parts[1] !== key.name || hex(bytes.subarray(0, 4)) !== hex(key.id)) continue;
    require(
      await isValid(bytes.subarray(4), utf8(text), key.publicKey),
      "The signature of the checkpoint does not verify under the key of the log.");
    isSigned = true;
  }
  require(isSigned, "The checkpoint is not signed with the key of the log that is given above.");
  const [origin, size, root, ...rest] = text.split("\n");
  const rootBytes = unbase64(root ?? "");
  require(/^(0|[1-9][0-9]{0,15})$/.test(size) && rootBytes?.length === 32 && rest.length >= 1, "The checkpoint is malformed.");
  return { origin, size: Number(size), root: rootBytes };
}

async function isValid(signature, message, publicKey) {
  if (!globalThis.crypto?.subtle) {
    throw new Error("The browser offers its cryptography to secure pages (https) only, so no signature was checked.");
  }
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") {
      throw new Error("This browser does not know Ed25519 signatures, so none was checked.");
    }
    return false;
  }
  return crypto.subtle.verify("Ed25519", key, signature, message);
}

// MARK: Entries

/** Verifies an inclusion proof (RFC 9162, section 2.1.3.2). */
function verifyInclusion(item, { size, root }) {
  const fault = `The entry at position ${item.position} is not in the log.`;
  require(item.position < size && Array.isArray(item.inclusion), fault);
  let hash = sha256(concatenated([0], canonicalBytes(item.entry)));
  // The numbers may exceed 32 bits, so that the operators of bits do not serve.
  let [node, last] = [item.position, size - 1];
  for (const text of item.inclusion) {
    const sibling = unbase64(text);
    require(sibling?.length === 32 && last > 0, fault);
    if (node % 2 === 1 || node === last) {
      hash = sha256(concatenated([1], sibling, hash));
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else {
      hash = sha256(concatenated([1], hash, sibling));
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  require(last === 0 && hex(hash) === hex(root), fault);
}

/** The public keys that events register, by fingerprint. */
function registeredKeys(items) {
  const keys = new Map();
  for (const { entry } of items) {
    if (entry?.event?.event_type !== "key_registered") continue;
    const key = unbase64(entry.event.payload?.public_key_b64 ?? "");
    if (key?.length === 32) keys.set(hex(sha256(key).subarray(0, 16)), key);
  }
  return keys;
}

async function verifyEvent({ entry, position }, keys) {
  const { event_id: id, signature, ...body } = entry?.event ?? {};
  const digest = sha256(canonicalBytes(body));
  require(id === `sha256:${hex(digest)}`, `The event at position ${position} has another id than its body.`);
  const key = keys.get(body.signer?.public_key_fingerprint);
  require(key, `The key of the event at position ${position} is not in the bundle.`);
  const bytes = unbase64(signature?.signature_b64 ?? "");
  require(
    bytes && (await isValid(bytes, digest, key)),
    `The signature of the event at position ${position} does not verify.`);
}

function requireSubjects(bundle) {
  const subject = ({ entry }) => entry.event.subject_pith_number;
  require(bundle.events.every((item) => subject(item) === bundle.pith_number), "An event is about another record.");
  require(bundle.keys.every((item) => subject(item) === "pith:registry"), "An entry about keys is about a record.");
}

/** The Pith Number, which must be that of the canonical record of the first event. */
function verifiedNumber(bundle) {
  const record = bundle.events.find(({ entry }) => entry.event.event_type === "record_created")?.entry.event.payload.canonical_record;
  require(record, "The bundle has no canonical record.");
  const suffix = base32(sha256(canonicalBytes(record))).slice(0, 26);
  const number = `pith:${String(record.metadata?.submitted_at).slice(0, 4)}:${suffix}`;
  require(number === bundle.pith_number, "The canonical record has another Pith Number.");
  return number;
}

function verifyDocument({ document, events }) {
  if (document === null) return;
  const digest = hex(sha256(canonicalBytes(document)));
  require(
    events.some(({ entry }) => entry.event.payload?.document_sha256 === digest),
    "No event of the record names the document.");
}

function base32(bytes) {
  let [text, bits, value] = ["", 0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >> (bits - 5)) & 31];
    value &= 31;
  }
  return text;
}

function concatenated(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
