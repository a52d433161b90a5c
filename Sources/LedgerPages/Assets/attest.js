// The flow of every form: fill in, look at the exact statement, sign and submit, see the result.

import { base64, hex } from "./encoding.js";
import { byID, element, focus, show } from "./dom.js";
import { canonicalText } from "./canonical-json.js";
import { clearErrors, FieldError, requireFilled, showFieldError, showProblem } from "./form.js";
import { sha256 } from "./hashing.js";
import { sendJSON } from "./http.js";
import { fillKeys } from "./key-choice.js";
import { pageFacts } from "./page-facts.js";
import { showReview } from "./review.js";
import { prepareStatement, signStatement } from "./signing.js";

/**
 * Starts the form of the page.
 *
 * `compose(form, facts)` gives `{ payload, evidence? }` from the fields, and throws a `FieldError`. `isBare` says that the
 * action needs no key. Returns the form, its facts and its keys.
 */
export async function startForm({ compose, isBare = false, filter }) {
  const form = byID("attest");
  const facts = pageFacts();
  show(byID("acting"));
  const keys = isBare ? undefined : await fillKeys(form, filter);
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    form.setAttribute("aria-busy", "true");
    try {
      await review(form, facts, compose, keys);
    } finally {
      isBusy = false;
      form.removeAttribute("aria-busy");
    }
  });
  form.dataset.ready = "";
  return { form, facts, keys };
}

async function review(form, facts, compose, keys) {
  const place = byID("problem");
  clearErrors(form);
  show(place, false);
  try {
    requireFilled(form);
    const { payload, evidence } = await compose(form, facts);
    const target = form.querySelector("#target")?.value.trim() || "record";
    const draft = keys
      ? await signedDraft(facts, payload, target, keys.chosen())
      : bareDraft(facts, payload, target);
    if (draft.problem) return showProblem(form, place, draft.problem);
    showDraft(form, facts, withEvidence(draft, evidence));
  } catch (error) {
    if (error instanceof FieldError && showFieldError(form, error.field, error.message)) return;
    showProblem(null, place, { check: "browser", detail: error.message });
  }
}

/** A statement that a key of this browser signs. */
async function signedDraft(facts, payload, target, key) {
  if (!key) throw new FieldError("key", "Choose the key that signs. You can make one on the page Your key.");
  const { statement, problem } = await prepareStatement({
    path: facts.post, type: facts.type, subject: facts.subject, target, payload, signer: key.signer,
  });
  if (problem) return { problem };
  return { statement, isSigned: true, body: () => signStatement(statement) };
}

/** An action that proves itself, which the ledger signs. */
export function bareDraft(facts, payload, target = "record") {
  const members = { payload, target };
  const statement = {
    members: { ...members, event_type: facts.type, subject_pith_number: facts.subject }, text: canonicalText(members),
  };
  return { statement, isSigned: false, body: async () => members };
}

/** The draft, whose submission has evidence with it. */
export function withEvidence(draft, evidence) {
  if (!evidence) return draft;
  return {
    ...draft,
    body: async () => ({ ...await draft.body(), evidence: { [hex(sha256(evidence))]: base64(evidence) } }),
  };
}

/** Shows a draft in the panel of the page, in the place of its form. */
export function showDraft(form, facts, draft) {
  const panel = byID("panel");
  let body;
  const back = () => {
    show(panel, false);
    show(form);
    focus(byID("form-heading"));
  };
  showReview(panel, {
    statement: draft.statement, isSigned: draft.isSigned, note: draft.note, words: facts.words, onBack: back,
    // What was signed once is sent again as it is, so that it is recorded once.
    post: async () => sendJSON(facts.post, body ??= await draft.body()),
    onProblem: (problem) => {
      if (!problem.field || problem.check === "network") return false;
      back();
      showProblem(form, byID("problem"), problem);
      return true;
    },
    onDone: (answer) => {
      document.title = `Recorded · ${document.title}`;
      draft.onDone?.(answer);
      panel.append(element("p", {}, element("a", { href: location.href }, "Make another statement")));
    },
  });
  show(form, false);
}
