// The form that takes a statement back: by its key, or for an unsigned claim by a new sign-in with ORCID.

import { startForm } from "./attest.js";
import { byID } from "./dom.js";
import { clearErrors, FieldError, readMembers, showFieldError } from "./form.js";
import { beginSignIn } from "./orcid.js";
import { pageFacts } from "./page-facts.js";

const page = pageFacts();
const compose = (form) => {
  const payload = { event_id: page.event, ...readMembers(form) };
  if (!payload.reason) throw new FieldError("reason", "Give a reason. It is public and permanent.");
  return { payload };
};
const signIn = byID("sign-in");
// Only the key that signed a statement takes it back, so no other is offered.
const { form, facts } = await startForm({
  compose, isBare: page.signer === "", filter: (key) => key.fingerprint === page.signer,
});
signIn?.addEventListener("click", async () => {
  clearErrors(form);
  try {
    await beginSignIn(facts, { payload: compose(form).payload, target: "record" });
  } catch (error) {
    showFieldError(form, error.field ?? "reason", error.message);
  }
});
