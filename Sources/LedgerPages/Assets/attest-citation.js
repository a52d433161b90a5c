// The form of a citation: another paper cites this one, and how.

import { startForm } from "./attest.js";
import { FieldError, readMembers, valueOf } from "./form.js";
import { citingMember } from "./paper-names.js";

await startForm({
  compose: (form) => {
    const citing = citingMember(valueOf(form, "citing"));
    if (!citing) throw new FieldError("citing", "Give an arXiv identifier, a DOI, or a whole Pith Number.");
    return { payload: { ...readMembers(form), ...citing } };
  },
});
