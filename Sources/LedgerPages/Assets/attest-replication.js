// The form of a replication: an attempt, and what came out.

import { startForm } from "./attest.js";
import { FieldError, readMembers } from "./form.js";
import { chooseFile } from "./file-field.js";
import { byID } from "./dom.js";
import { hashFile } from "./hashing.js";

const { form } = await startForm({
  compose: (form) => {
    const payload = readMembers(form);
    if (!payload.claim_ids) throw new FieldError("claim_ids", "Choose at least one claim that the attempt is about.");
    return { payload };
  },
});

// The file is hashed here, to fill the field. It is not sent.
chooseFile(form, "artifact", async (file, progress, signal) => {
  byID("artifact_sha256").value = await hashFile(file, progress, signal);
  return `SHA-256 of ${file.name}, ${file.size} bytes. The file stays on this computer.`;
});
