// The form of a stored copy: an upload to the ledger, or a location elsewhere.

import { startForm } from "./attest.js";
import { hex } from "./encoding.js";
import { byID, show } from "./dom.js";
import { chooseFile } from "./file-field.js";
import { FieldError, readMembers } from "./form.js";
import { hashFile, readFile, sha256 } from "./hashing.js";
import { pageFacts } from "./page-facts.js";

const facts = pageFacts();
/** The largest file that fits into a submission, in base64 with what surrounds it. */
const MAX_UPLOAD = Math.floor((Number(facts.limit) - 8192) / 4) * 3;
let chosen;

const { form } = await startForm({
  isBare: true,
  compose: async (form) => isUpload() ? await upload(readMembers(form)) : elsewhere(readMembers(form)),
});

const isUpload = () => byID("storage_kind").value === "file";

async function upload({ content_role, media_type }) {
  if (!chosen) throw new FieldError("file", "Choose the file to upload.");
  checkSize(chosen.file);
  const bytes = await readFile(chosen.file);
  const digest = hex(sha256(bytes));
  if (digest !== chosen.digest) throw new FieldError("file", "The file has changed since it was chosen. Choose it again.");
  checkRole(content_role, digest);
  return {
    payload: {
      storage_kind: "file", content_role, media_type, location: `urn:sha256:${digest}`, content_sha256: digest,
      size_bytes: bytes.length, evidence_sha256: digest,
    },
    evidence: bytes,
  };
}

function elsewhere(payload) {
  checkRole(payload.content_role, payload.content_sha256);
  if (payload.size_bytes === undefined) throw new FieldError("size_bytes", "Give the number of bytes, or choose a copy of the file.");
  return { payload };
}

function checkSize(file) {
  if (isUpload() && file.size > MAX_UPLOAD) {
    throw new FieldError("file", `This file has ${file.size} bytes. The ledger takes at most ${MAX_UPLOAD} in one upload. `
      + "Store it elsewhere and give the location: then only its hash is sent, and the ledger fetches it itself.");
  }
}

function checkRole(role, digest) {
  if (role === "canonical_record" && digest !== facts.sha256) {
    throw new FieldError("content_role", `These bytes are not this record's canonical record, whose SHA-256 is ${facts.sha256}.`);
  }
}

// A copy of the file fills the fields. Only an upload sends it.
chooseFile(form, "file", async (file, progress, signal) => {
  chosen = undefined;
  const digest = await hashFile(file, progress, signal);
  byID("content_sha256").value = digest;
  byID("size_bytes").value = String(file.size);
  if (file.type) byID("media_type").value = file.type.slice(0, 100);
  chosen = { file, digest };
  checkSize(file);
  return `${file.name}: ${file.size} bytes, SHA-256 ${digest}. Hashed on this computer; nothing is sent yet.`;
});

function adapt() {
  for (const name of ["location", "content_sha256", "size_bytes"]) {
    show(byID(name).closest(".field"), !isUpload());
  }
  byID("file-label").textContent = isUpload() ? "The file to upload" : "A copy of the file on this computer, to fill in hash and size";
}
byID("storage_kind").addEventListener("change", adapt);
adapt();
