// Makes the exact bytes of a statement, and signs them. What the server sends is compared, never trusted.

import { canonicalText } from "./canonical-json.js";
import { base64, hex, utf8 } from "./encoding.js";
import { sendJSON, send } from "./http.js";
import { storedKey } from "./key-store.js";

/** The server answered with something else than what the person entered. Nothing is signed then. */
export class StatementMismatch extends Error {}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;

/** How far the ledger's clock may differ from this computer's without a remark, in milliseconds. */
export const CLOCK_TOLERANCE = 5 * 60_000;

/**
 * A statement about a record that is ready to be signed: its members, its canonical text and its digest.
 *
 * The ledger makes the body too (`?prepare=true`), and so refuses a payload that it would not take. Its body has to be
 * byte for byte the one that this page makes from what the person entered. Only the time is the ledger's.
 *
 * Returns `{ statement }`, or `{ problem }` if the ledger refuses. Throws `StatementMismatch`.
 */
export async function prepareStatement({ path, type, subject, target, payload, signer }) {
  const answer = await sendJSON(`${path}?prepare=true`, { payload, signer, target });
  if (!answer.ok) return { problem: answer.problem };
  const { body, digest_sha256: digest, event_id: eventID } = answer.json;
  if (typeof body !== "string") throw new StatementMismatch("The ledger's answer has no statement.");
  const createdAt = timeIn(body);
  const statement = await makeStatement({ type, subject, target, payload, signer, createdAt });
  if (statement.text !== body || statement.digest !== digest || statement.eventID !== eventID) {
    throw new StatementMismatch("The ledger's answer is not the statement that you entered.");
  }
  return { statement };
}

/** The time in a body. Everything else of it is compared, so that it does not matter how it is read. */
function timeIn(body) {
  let createdAt;
  try {
    createdAt = JSON.parse(body).created_at;
  } catch {
    // Compared below as an invalid time.
  }
  if (typeof createdAt !== "string" || !TIME.test(createdAt)) {
    throw new StatementMismatch("The ledger's answer has no valid time.");
  }
  return createdAt;
}

/** A statement that this page makes alone, as for a registration of a key. */
export async function makeStatement({ type, subject, target, payload, signer, createdAt }) {
  const members = {
    created_at: createdAt, event_type: type, event_version: "1.0", payload, signer, subject_pith_number: subject, target,
  };
  const text = canonicalText(members);
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(text))));
  return { members, text, digest, eventID: `sha256:${digest}` };
}

/** The ledger's time, which a statement that is signed now has to have; this computer's if the ledger does not say. */
export async function ledgerTime() {
  let time = Date.now();
  try {
    const response = await fetch("/healthz", { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(10_000) });
    time = Date.parse(response.headers.get("Date")) || time;
  } catch {
    // The submission will tell that the ledger cannot be reached.
  }
  return new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Whether a statement's time differs from this computer's by more than a person should accept unseen. */
export const hasOddTime = (statement) =>
  Math.abs(Date.parse(statement.members.created_at) - Date.now()) > CLOCK_TOLERANCE;

/** Signs a statement with a key of this browser. Throws if another tab has forgotten the key. */
export async function signStatement(statement) {
  const key = await storedKey(statement.members.signer.public_key_fingerprint);
  if (!key) throw new Error("This browser has this key no more. Choose another, or import it again.");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(statement.text)));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, digest));
  return {
    ...statement.members, event_id: statement.eventID,
    signature: { algorithm: "ed25519", signature_b64: base64(signature) },
  };
}

/** What the ledger knows about a key: its `standing`, `unknown` for a key that is not registered, or `problem`. */
export async function keyStanding(fingerprint) {
  const answer = await send(`/api/keys?fingerprint=${fingerprint}`);
  return answer.ok ? { standing: answer.json.keys[0]?.standing ?? "unknown" } : { problem: answer.problem };
}
