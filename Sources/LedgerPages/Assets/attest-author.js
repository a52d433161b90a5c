// The form of a claim of authorship: signed by a key of this browser, or proven by a sign-in with ORCID.

import { startForm } from "./attest.js";
import { byID, show } from "./dom.js";
import { clearErrors, FieldError, readMembers, showFieldError } from "./form.js";
import { beginSignIn } from "./orcid.js";

const ORCID = "https://orcid.org/";

const { form, facts, keys } = await startForm({
  compose: (form) => ({ payload: { method: "key_signature", ...readMembers(form) } }),
});

// The iD of the key is the claim that can become strong, so it is filled in first.
const iD = byID("orcid");
const id = keys.chosen()?.signer.signer_id;
if (iD.value === "" && id?.startsWith(ORCID)) iD.value = id.slice(ORCID.length);

const signIn = byID("sign-in");
if (signIn) {
  const bind = byID("bind-key");
  const adapt = () => show(bind.closest("label"), keys.chosen()?.signer.signer_id.startsWith(ORCID) ?? false);
  byID("key")?.addEventListener("change", adapt);
  adapt();
  signIn.addEventListener("click", async () => {
    clearErrors(form);
    try {
      const { orcid, ...payload } = readMembers(form);
      if (!payload.name) throw new FieldError("name", "Give your name as the paper has it.");
      const isBound = !bind.closest("label").hidden && bind.checked;
      await beginSignIn(facts, {
        payload, target: byID("target").value.trim() || "record", key: isBound ? keys.chosen().fingerprint : undefined,
      });
    } catch (error) {
      showFieldError(form, error.field ?? "name", error.message);
    }
  });
}
