// The form of a proof of time: an .ots file, or a token of a timestamp authority.

import { startForm } from "./attest.js";
import { hex } from "./encoding.js";
import { chooseFile } from "./file-field.js";
import { FieldError } from "./form.js";
import { readFile, sha256 } from "./hashing.js";
import { pageFacts } from "./page-facts.js";
import { timeProof } from "./time-proof.js";

const { sha256: digest } = pageFacts();
let proof;

/** The proof's form and bytes. A file that the ledger would refuse for certain is refused here, before it is sent. */
async function examine(file) {
  proof = undefined;
  if (file.size === 0) throw new FieldError("proof", "This file is empty.");
  if (file.size > 1 << 20) throw new FieldError("proof", "This is no proof of time: proofs have less than 1 MiB.");
  const bytes = await readFile(file);
  const found = timeProof(bytes);
  if (!found) throw new FieldError("proof", "This is neither an OpenTimestamps proof nor an RFC 3161 token or response.");
  if (found.digest && found.digest !== digest) {
    throw new FieldError("proof", `This proof is about another digest (${found.algorithm} ${found.digest}). This record's is ${digest}.`);
  }
  proof = { kind: found.kind, bytes };
  const form = found.kind === "opentimestamps" ? "An OpenTimestamps proof" : "An RFC 3161 token";
  return found.digest
    ? `${form} about this record's digest.`
    : `${form}. Which digest it is about, the ledger will tell.`;
}

const { form } = await startForm({
  isBare: true,
  compose: () => {
    if (!proof) throw new FieldError("proof", "Choose the file with the proof.");
    return {
      payload: { anchor_kind: proof.kind, digest_sha256: digest, evidence_sha256: hex(sha256(proof.bytes)) },
      evidence: proof.bytes,
    };
  },
});
chooseFile(form, "proof", examine);
