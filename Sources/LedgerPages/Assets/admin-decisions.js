// Decisions about replication reports, which a moderator's key in this browser signs.

import { byID, focus, show } from "./dom.js";
import { clearErrors, FieldError, readMembers, showFieldError, showProblem } from "./form.js";
import { sendJSON } from "./http.js";
import { fillKeys } from "./key-choice.js";
import { pageFacts } from "./page-facts.js";
import { showReview } from "./review.js";
import { prepareStatement, signStatement } from "./signing.js";

/** Starts the forms `form.decide`. */
export async function startDecisions() {
  const forms = document.querySelectorAll("form.decide");
  if (forms.length === 0) return;
  const facts = pageFacts();
  const keys = await fillKeys(byID("moderator"), (key) => key.signer.signer_type !== "storage_provider");
  for (const form of forms) {
    show(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.ariaBusy === "true") return;
      form.ariaBusy = "true";
      decide(form, facts, keys).finally(() => { form.ariaBusy = null; });
    });
  }
}

async function decide(form, facts, keys) {
  const place = form.querySelector(".problem");
  clearErrors(form);
  show(place, false);
  try {
    const key = keys.chosen();
    if (!key) return void focus(byID("moderator-heading"));
    const { post, subject, event } = form.dataset;
    const members = readMembers(form);
    if (!members.reason) throw new FieldError(`reason-${form.dataset.position}`, "Give a reason. It is public and permanent.");
    const { statement, problem } = await prepareStatement({
      path: post, type: "moderation_decision", subject, target: "record", signer: key.signer,
      payload: { event_id: event, log: facts.log, ...members },
    });
    if (problem) return showProblem(null, place, problem);
    review(form, statement, facts);
  } catch (error) {
    if (error instanceof FieldError && showFieldError(form, error.field, error.message)) return;
    showProblem(null, place, { check: "browser", detail: error.message });
  }
}

function review(form, statement, facts) {
  const panel = form.parentElement.querySelector(".panel");
  let body;
  showReview(panel, {
    statement, isSigned: true, words: facts.words,
    onBack: () => {
      show(panel, false);
      show(form);
      form.querySelector("button").focus();
    },
    post: async () => sendJSON(form.dataset.post, body ??= await signStatement(statement)),
  });
  show(form, false);
}
