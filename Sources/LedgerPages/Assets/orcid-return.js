// The page to which ORCID sends a person back. The token is in the fragment of the address, which no server sees.

import { bareDraft, showDraft, withEvidence } from "./attest.js";
import { byID, element, focus, show } from "./dom.js";
import { hex, unbase64url, utf8 } from "./encoding.js";
import { problemNotice } from "./form.js";
import { sha256 } from "./hashing.js";
import { storedKey } from "./key-store.js";
import { nonceFor, takeIntent } from "./orcid.js";
import { pageFacts } from "./page-facts.js";
import { prepareStatement, signStatement } from "./signing.js";

/** A sign-in that cannot be used, in words for a person. */
class SignInError extends Error {}

// First of all the token leaves the address bar and the history.
const answer = new URLSearchParams(location.hash.slice(1));
const query = new URLSearchParams(location.search);
history.replaceState(null, "", location.pathname);
const intent = takeIntent();
try {
  await proceed();
} catch (error) {
  fail(error);
}

async function proceed() {
  const error = answer.get("error") ?? query.get("error");
  if (!intent) throw new SignInError("No sign-in was begun in this tab. Begin it on the page of the paper.");
  if ((answer.get("state") ?? query.get("state")) !== intent.state) {
    throw new SignInError("This answer does not belong to the sign-in that was begun in this tab. Nothing was sent.");
  }
  if (error === "access_denied") throw new SignInError("You did not let ORCID confirm your iD, so there is nothing to send.");
  if (error) throw new SignInError(`ORCID answered: ${answer.get("error_description") ?? query.get("error_description") ?? error}`);
  const token = answer.get("id_token");
  if (!token) throw new SignInError("ORCID's answer has no identity token.");
  const draft = await draftOf(token, claimsOf(token));
  const form = byID("waiting");
  showDraft(form, { ...pageFacts(), ...intent }, withEvidence(draft, utf8(token)));
}

/** The claims of a token. The ledger checks its signature; here they are only read. */
function claimsOf(token) {
  const bytes = unbase64url(token.split(".")[1] ?? "");
  let claims;
  try {
    claims = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new SignInError("ORCID's answer has no readable identity token.");
  }
  if (claims?.nonce !== nonceFor(intent.subject, intent.key)) {
    throw new SignInError("The identity token was made for another record or key. Nothing was sent.");
  }
  return claims;
}

async function draftOf(token, claims) {
  const evidence = { evidence_sha256: hex(sha256(utf8(token))) };
  const facts = { ...pageFacts(), ...intent };
  if (intent.type === "event_withdrawn") return bareDraft(facts, { ...intent.payload, ...evidence });
  const payload = { ...intent.payload, method: "orcid_oidc", orcid: String(claims.sub), ...evidence };
  if (!intent.key) return { ...bareDraft(facts, payload, intent.target), note: "No key is needed: the identity token proves your iD, and the ledger signs for you. The token itself is never published." };
  const key = await storedKey(intent.key);
  if (!key) throw new SignInError("This browser has the key no more that the sign-in was made for.");
  // The ledger can prepare the body without the token, which goes with the submission.
  const { statement, problem } = await prepareStatement({
    path: intent.post, type: intent.type, subject: intent.subject, target: intent.target, payload, signer: key.signer,
  });
  if (problem) throw Object.assign(new SignInError(problem.detail), { problem });
  return { statement, isSigned: true, body: () => signStatement(statement) };
}

function fail(error) {
  const waiting = byID("waiting");
  const detail = error instanceof SignInError ? error.message : `The sign-in cannot be used: ${error.message}`;
  waiting.replaceChildren(
    element("h2", { id: "form-heading" }, "The sign-in did not succeed"),
    problemNotice(error.problem ?? { check: "sign_in", detail }),
    element("p", {}, intent?.from?.startsWith("/pith/")
      ? element("a", { href: intent.from }, "Back to the form") : element("a", { href: "/" }, "Find the paper")));
  show(waiting);
  focus(waiting.querySelector("h2"));
}
