// Shows a statement before it is signed or sent, sends it once, and shows what became of it.

import { element, facts, focus } from "./dom.js";
import { problemNotice } from "./form.js";
import { memberWord, valueText } from "./member-words.js";
import { showResult } from "./result.js";
import { hasOddTime } from "./signing.js";
import { utf8 } from "./encoding.js";

/**
 * Shows a statement in a panel.
 *
 * - `statement`: what is signed (`makeStatement`), or for an unsigned action `{ members, text }`, what is sent.
 * - `isSigned`: whether a key of this browser signs it.
 * - `post`: signs and sends it; gives the answer of `send`. It is not called again while it runs.
 * - `words`: what the standings are called. `onBack`: called if the person wants to change it.
 * - `onProblem`: gets the problem, and returns whether it has shown it. `onDone`: gets the answer.
 */
export function showReview(panel, { statement, isSigned, note, post, words, onBack, onProblem, onDone }) {
  const heading = element("h2", {}, isSigned ? "What you sign" : "What is sent");
  const status = element("div", { role: "status", "aria-live": "polite", class: "outcome" });
  const go = element("button", { type: "button", class: "go" }, isSigned ? "Sign and submit" : "Submit");
  const back = element("button", { type: "button", class: "quiet back", click: onBack }, "Change it");
  let isBusy = false;
  go.addEventListener("click", async () => {
    if (isBusy) return;
    isBusy = true;
    setBusy(true);
    status.textContent = "Sending. This may take a minute if the ledger has to fetch something.";
    const answer = checked(await attempt(post), isSigned ? statement : undefined);
    setBusy(false);
    if (answer.ok) {
      showResult(panel, answer.json, { words, type: statement.members.event_type, isNew: answer.status === 201 });
      onDone?.(answer.json);
      return;
    }
    // The same bytes may be sent again: the ledger records them once.
    isBusy = false;
    status.replaceChildren(onProblem?.(answer.problem) ? "" : problemNotice(answer.problem));
  });
  const setBusy = (value) => {
    go.setAttribute("aria-disabled", String(value));
    back.disabled = value;
  };
  panel.replaceChildren(
    heading, facts(readable(statement.members)), bytes(statement), notice(statement, isSigned, note),
    element("div", { class: "row" }, go, back), status);
  panel.hidden = false;
  focus(heading);
}

async function attempt(post) {
  try {
    return await post();
  } catch (error) {
    return { ok: false, problem: { check: "browser", detail: error.message } };
  }
}

/** An answer that is about another statement than the signed one is a problem, whatever its status says. */
function checked(answer, signed) {
  if (!answer.ok) return answer;
  const { event_id: id, position, receipt } = answer.json ?? {};
  const isWhole = typeof id === "string" && Number.isSafeInteger(position);
  if (!isWhole || (signed && id !== signed.eventID)) {
    return { ok: false, problem: { check: "answer", detail: "The ledger's answer is not about this statement. Look for it on the page of the paper before you send it again." } };
  }
  const lines = typeof receipt === "string" ? receipt.split("\n") : undefined;
  if (lines && (lines[2] !== String(position) || lines[3] !== id)) {
    return { ok: false, problem: { check: "answer", detail: "The receipt in the ledger's answer is not the one of this statement. Look for the statement on the page of the paper." } };
  }
  return answer;
}

/** Every member as a name and a value. */
function readable(members) {
  const entries = [];
  if (members.subject_pith_number) entries.push(["About", mono(members.subject_pith_number)]);
  if (members.target) entries.push(["Part of it", mono(members.target)]);
  if (members.event_type) entries.push(["Type of statement", mono(members.event_type)]);
  for (const [name, value] of Object.entries(members.payload)) entries.push([memberWord(name), mono(valueText(value))]);
  if (members.signer) {
    const { signer_id, signer_type, key_id, public_key_fingerprint } = members.signer;
    entries.push(["Signed by", [mono(signer_id), ` as ${signer_type}`]]);
    entries.push(["With the key", [mono(key_id), " ", mono(public_key_fingerprint)]]);
  }
  if (members.created_at) entries.push(["Time of signing", mono(members.created_at)]);
  return entries;
}

const mono = (text) => element("bdi", { class: "mono" }, text);

function bytes({ text, digest }) {
  return element("details", {},
    element("summary", {}, digest ? "The exact bytes that are signed" : "The exact bytes that are sent"),
    element("pre", { class: "wrap exact" }, text),
    element("p", { class: "faint" }, digest
      ? [`${utf8(text).length} bytes. The key signs their SHA-256: `, element("code", { class: "digest" }, digest)]
      : `${utf8(text).length} bytes, and the evidence that they name.`));
}

function notice(statement, isSigned, note) {
  return element("div", { class: "notice" },
    element("p", {}, element("strong", {}, "This is public and permanent."),
      " It can be taken back or replaced by a later statement, but nobody can remove it from the log."),
    isSigned ? null : element("p", {}, note ?? "No key is needed: the evidence proves it, and the ledger signs for you."),
    isSigned && hasOddTime(statement)
      ? element("p", { class: "clock" }, `The ledger's clock says ${statement.members.created_at}, this computer's ${new Date().toISOString()}. `
        + "Sign only if the time in the statement is right.")
      : null);
}
