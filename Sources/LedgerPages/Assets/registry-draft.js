// Statements about a key, which the key itself signs.

import { operatorHeaders } from "./operator.js";
import { sendJSON } from "./http.js";
import { ledgerTime, makeStatement, signStatement } from "./signing.js";

/** The statement by which a key registers itself. */
export const registration = (key) =>
  keyStatement(key, "key_registered", { algorithm: "ed25519", public_key_b64: key.public_key_b64 });

/** The statement by which a key revokes itself. `log` is the ledger that it is for. */
export const revocation = (key, log, reason) =>
  keyStatement(key, "key_revoked", { log, public_key_fingerprint: key.fingerprint, reason });

const keyStatement = async (key, type, payload) => makeStatement({
  type, payload, signer: key.signer, subject: "pith:registry", target: `key:${key.fingerprint}`,
  createdAt: await ledgerTime(),
});

/** Signs and submits such a statement. Some capacities need the operator, whose token is sent where this tab has it. */
export async function submitKeyStatement(statement) {
  return sendJSON("/api/events", await signStatement(statement), operatorHeaders());
}
