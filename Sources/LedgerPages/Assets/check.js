// Checks a file: its SHA-256, a proof of time, or a bundle.

import { canonicalBytes } from "./canonical-json.js";
import { hex } from "./encoding.js";
import { BundleFault, isBundle, verifyBundle } from "./bundle.js";
import { byID, element, facts, show } from "./dom.js";
import { hashFile, readFile, sha256 as hash } from "./hashing.js";
import { send } from "./http.js";

const MAX_BUNDLE = 128 << 20;
const MAX_PROOF = 1 << 20;
const MAX_DOCUMENT = 4 << 20;
const KINDS = {
  document: "a document of a record", proof: "a proof of time", stored_bytes: "a stored copy",
  fetch_report: "the ledger's report of a fetch",
};
const OTS_MAGIC = [0, 0x4f, 0x70, 0x65, 0x6e, 0x54, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x73];

const drop = byID("drop");
const field = byID("file");
const progress = byID("progress");
const result = byID("result");
let current = null;

const paragraph = (text, tone = "") => element("p", { class: `notice ${tone}`.trim() }, text);
const list = (items) => element("ul", {}, items.map((item) => element("li", {}, item)));
const code = (text) => element("code", {}, text);

/** A link to a record. The number was parsed by the ledger. */
function recordLink(record) {
  const link = element("a", { href: `/pith/${record.pith_number.split(":").at(-1)}` }, element("bdi", {}, record.title ?? record.pith_number));
  return element("span", {}, link, " ", code(record.pith_number));
}

function describeProgress(part) {
  progress.value = part;
  progress.textContent = `${Math.round(part * 100)} %`;
}

async function check(file) {
  current?.abort();
  const run = new AbortController();
  current = run;
  result.replaceChildren(element("p", {}, `Reading ${file.name} …`));
  show(progress);
  try {
    const sha256 = await hashFile(file, describeProgress, run.signal);
    const parts = [
      element("h2", {}, "Result"),
      facts([["File", element("bdi", {}, file.name)], ["Size", `${file.size.toLocaleString("en")} bytes`], ["SHA-256", code(sha256)]]),
      ...(await kind(file, run.signal)),
      ...(await known(sha256, "What this ledger knows about its SHA-256")),
    ];
    if (!run.signal.aborted) result.replaceChildren(...parts);
  } catch (error) {
    if (!run.signal.aborted) result.replaceChildren(paragraph(`The file could not be read: ${error.message}`, "bad"));
  } finally {
    if (current === run) show(progress, false);
  }
}

/** What the file is, and what it proves. */
async function kind(file, signal) {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  if (OTS_MAGIC.every((byte, at) => head[at] === byte)) return proof(file, "a proof of OpenTimestamps");
  const isNamedToken = /\.(tsr|tst|p7s|der)$/i.test(file.name);
  if (head[0] === 0x30 && (isNamedToken || file.size <= 64 << 10)) return proof(file, "a timestamp token (RFC 3161)");
  if (head[0] !== 0x7b) return [];
  if (!isBundle(await file.slice(0, Math.min(file.size, MAX_BUNDLE)).text())) return jsonFile(file);
  if (file.size > MAX_BUNDLE) {
    return [paragraph("This bundle is too large for the browser. The command below verifies it.")];
  }
  return bundle(await file.text(), signal);
}

/** What the ledger knows about a JSON file if it is written as canonical JSON, in which records and documents are hashed. */
async function jsonFile(file) {
  if (file.size > MAX_DOCUMENT) return [];
  let digest;
  try {
    const text = await file.text();
    const bytes = canonicalBytes(JSON.parse(text));
    // The bytes of a canonical file are those of the file.
    if (bytes.length === file.size) return [];
    digest = hex(hash(bytes));
  } catch {
    return [];
  }
  return known(digest, `Written as canonical JSON, its SHA-256 is ${digest}`);
}

// MARK: Proofs of time

async function proof(file, name) {
  if (file.size > MAX_PROOF) return [paragraph("The file is too large for a proof of time.", "bad")];
  const digest = byID("digest").value.trim().toLowerCase();
  const query = digest === "" ? "" : `?digest=${encodeURIComponent(digest)}`;
  const answer = await send(`/api/evidence/check${query}`, {
    method: "POST", body: await readFile(file), type: "application/octet-stream",
  });
  const heading = element("h3", {}, "As a proof of time");
  if (!answer.ok) {
    return [heading, paragraph(`As ${name}, this ledger refuses it: ${answer.problem.detail}`, "bad")];
  }
  const about = answer.json.digest;
  const rest = about.algorithm === "sha256" ? await known(about.hex, "What this ledger knows about the digest of the proof") : [];
  return [heading, ...proofWords(answer.json, digest !== ""), ...rest];
}

function proofWords(proof, isCompared) {
  const about = `bytes whose ${proof.digest.algorithm} digest is ${proof.digest.hex}`;
  const words = proof.verdict === "verified"
    ? paragraph(`It proves that ${about} existed by ${proof.proven_at}. It was checked against the block headers and authorities that the operator of this ledger trusts.`, "good")
    : paragraph(`It is well formed and about ${about}, but proves no time yet. ${sentence(proof.missing ?? "Its end could not be checked")}`);
  const more = proof.form === "opentimestamps"
    ? list((proof.attestations ?? []).map(attestation))
    : facts([["Time in the token", proof.gen_time], ["Policy", code(proof.policy)], ["Serial number", code(proof.serial)]]);
  const compared = isCompared
    ? "It is about the SHA-256 that you gave."
    : "Compare the digest with that of the file that it should be about: drop that file here, or give its SHA-256 above.";
  return [words, more, element("p", { class: "faint" }, compared)];
}

function attestation(item) {
  const verdict = item.verdict === "verified" ? "confirmed by a block header that the operator trusts" : "not checked";
  if (item.calendar) return `The calendar ${item.calendar} promises to include it in a block.`;
  if (item.height !== undefined) return `Block ${item.height} of ${item.kind}: ${verdict}.`;
  return "An attestation of a kind that this ledger does not know.";
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (text.endsWith(".") ? "" : ".");

// MARK: Bundles

async function bundle(text, signal) {
  const heading = element("h3", {}, "As a bundle");
  const rest = element("p", {},
    "Not checked in the browser: whether the status in the bundle follows from its events, and proofs of time. The command at the end of this page checks the status, and proofs of time against what its user trusts. No bundle proves that it has every event of the record.");
  try {
    const verified = await verifyBundle(text, byID("log-key").value, (part) => {
      signal.throwIfAborted();
      describeProgress(part);
    });
    return [heading, paragraph("What was checked of this bundle holds:", "good"), list(verified.facts), rest];
  } catch (error) {
    if (signal.aborted) throw error;
    return error instanceof BundleFault
      ? [heading, paragraph(`The bundle does not hold. ${error.message}`, "bad"), rest]
      : [heading, paragraph(`The bundle was not verified. ${error.message}`, "bad"), rest];
  }
}

// MARK: The SHA-256

async function known(sha256, title) {
  const heading = element("h3", {}, title);
  const answer = await send(`/api/hashes/${sha256}`);
  if (!answer.ok) return [heading, paragraph(answer.problem.detail, "bad")];
  const found = answer.json;
  const parts = [heading];
  if (found.canonical_records.length > 0) {
    parts.push(paragraph("It is the canonical record from which the Pith Number is computed:", "good"), list(found.canonical_records.map(recordLink)));
  }
  if (found.documents.length > 0) {
    parts.push(paragraph("It is the newest document of:", "good"), list(found.documents.map(recordLink)));
  }
  if (found.event_id) {
    parts.push(element("p", { class: "notice good" }, "It is the signed body of ", element("a", { href: `/events/${found.event_id}` }, "an event"), "."));
  }
  if (found.evidence) {
    parts.push(element("p", { class: "notice good" }, "The ledger keeps these bytes as evidence: ",
      element("a", { href: `/api/evidence/${sha256}`, download: true }, `${KINDS[found.evidence.kind] ?? "other evidence"}, ${found.evidence.size_bytes} bytes`),
      ". That they are kept says nothing about whether they are true."));
  }
  if (found.erased) parts.push(paragraph("Evidence with this SHA-256 was here, and the operator erased it. The log records that.", "bad"));
  if (parts.length === 1) {
    parts.push(paragraph("Nothing here has this SHA-256: no canonical record, no newest document of a record, no signed event, and no stored evidence. That says nothing about what others have. Statements that bytes are stored elsewhere are not searched."));
  }
  return parts;
}

// MARK: Events of the page

field.addEventListener("change", () => {
  if (field.files[0]) check(field.files[0]);
});
byID("digest").addEventListener("change", () => {
  if (field.files[0]) check(field.files[0]);
});
byID("log-key").addEventListener("change", () => {
  if (field.files[0]) check(field.files[0]);
});
for (const name of ["dragover", "dragenter"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const file = event.dataTransfer?.files[0];
  if (file) check(file);
});
show(drop);
