// Begins a sign-in with ORCID: OpenID Connect, implicit flow. This ledger keeps no secret, and sets no cookie.

import { base64url, utf8 } from "./encoding.js";
import { sha256 } from "./hashing.js";

const INTENT = "orcid-sign-in";

/** The nonce that binds a token to a record, and if a key is given to that key (docs/specification/events.md). */
export const nonceFor = (subject, key) =>
  base64url(sha256(utf8(`pithledger:author:${subject}${key ? `:${key}` : ""}`)));

/**
 * Leaves for the issuer. What the person wants to say is kept in this tab meanwhile.
 *
 * `intent` has the `payload` that the token completes, and optionally `target` and `key`, the fingerprint of the key that signs.
 */
export async function beginSignIn(facts, intent) {
  const state = base64url(crypto.getRandomValues(new Uint8Array(24)));
  const { subject, post, type } = facts;
  sessionStorage.setItem(INTENT, JSON.stringify({ ...intent, state, subject, post, type, from: location.pathname + location.search }));
  const address = new URL(facts.orcidAuthorize);
  const parameters = {
    client_id: facts.orcidClient, response_type: "token", scope: "openid", redirect_uri: `${location.origin}/orcid`,
    nonce: nonceFor(subject, intent.key), state,
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  location.assign(address);
}

/** What a person wanted before the sign-in. It is read once. */
export function takeIntent() {
  const text = sessionStorage.getItem(INTENT);
  sessionStorage.removeItem(INTENT);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
