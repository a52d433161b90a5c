// One key of this browser: what it is, what the ledger knows about it, and what can be done with it.

import { download, element, facts } from "./dom.js";
import { nameFault, writeKeyFile } from "./key-file.js";
import { forgetKey } from "./key-store.js";
import { registration, revocation, submitKeyStatement } from "./registry-draft.js";
import { showReview } from "./review.js";
import { keyStanding } from "./signing.js";

/** A card for a key. `onChange` is called after the key was registered, revoked or forgotten. */
export function keyCard(key, page, onChange) {
  const badge = element("span", { class: "badge none" }, "asking the ledger …");
  const standing = element("p", { class: "standing" });
  const actions = element("div", { class: "row actions" });
  const panel = element("div", { class: "panel", hidden: true });
  const card = element("li", { class: "card", "data-key": key.fingerprint },
    element("h3", {}, element("bdi", {}, key.signer.key_id), badge),
    facts([
      ["Signs as", [element("bdi", {}, key.signer.signer_id), ` (${key.signer.signer_type})`]],
      ["Fingerprint", element("code", {}, key.fingerprint)],
    ]), standing, actions, panel);
  describe(key, badge, standing).then((state) => {
    card.dataset.state = state;
    // The ledger has a page for each key that it knows.
    if (state !== "unknown" && state !== "unclear") {
      standing.append(" ", element("a", { href: `/keys/${key.fingerprint}` }, "What it signed"), ".");
    }
    actions.append(...buttons(key, state, page, panel, onChange));
  });
  return card;
}

const STATES = {
  vouched: ["vouched for", "good", "The ledger vouches that this key belongs to its name."],
  live: ["registered", "wait", "The ledger takes what this key signs. Nobody vouches for its name, so claims by it are weak."],
  retired: ["no longer vouched for", "wait", "The ledger takes what this key signs. It no longer vouches for its name."],
  revoked: ["revoked", "bad", "The ledger takes nothing more that this key signs. Forget it, and make another."],
  unknown: ["not registered", "wait", "The ledger does not know this key yet. Register it before you sign."],
  unclear: ["could not be asked", "none", ""],
};

async function describe(key, badge, standing) {
  const { standing: state = "unclear", problem } = await keyStanding(key.fingerprint);
  const [word, tone, meaning] = STATES[state] ?? STATES.unclear;
  badge.className = `badge ${tone}`;
  badge.textContent = word;
  standing.textContent = meaning || problem?.detail || "";
  return state;
}

function buttons(key, state, page, panel, onChange) {
  const button = (text, name, work) => element("button", { type: "button", class: name, click: work }, text);
  const made = [button("Export", "export", async () => download(`${fileName(key.signer.key_id)}.key`, await writeKeyFile(key), "application/json"))];
  if (state === "unknown") {
    made.unshift(button("Register", "register", async () => review(await registration(key), panel, page, onChange)));
  }
  if (["live", "vouched", "retired"].includes(state)) {
    made.push(button("Revoke", "quiet revoke", () => askReason(key, panel, page, onChange)));
  }
  made.push(button("Forget", "quiet forget", () => askToForget(key, panel, onChange)));
  return made;
}

/** A name without characters that mean something in a path. */
const fileName = (name) => name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+/, "") || "key";

function review(statement, panel, page, onChange) {
  showReview(panel, {
    statement, isSigned: true, words: page.words, onBack: () => { panel.hidden = true; },
    post: () => submitKeyStatement(statement), onDone: () => { panel.closest("li").dataset.done = ""; refresh(panel, onChange); },
  });
}

/** The list is read again when the person has seen the result. */
function refresh(panel, onChange) {
  panel.append(element("button", { type: "button", class: "quiet close", click: onChange }, "Close"));
}

function askReason(key, panel, page, onChange) {
  const input = element("input", { id: `reason-${key.fingerprint}`, maxlength: "500", required: true });
  const error = element("p", { class: "error", hidden: true });
  const form = element("form", {
    submit: async (event) => {
      event.preventDefault();
      const fault = nameFault(input.value.trim());
      error.hidden = !fault;
      error.textContent = fault ?? "";
      if (!fault) review(await revocation(key, page.log, input.value.trim()), panel, page, onChange);
    },
  },
  element("p", { class: "notice bad" }, "A key that is revoked never signs again. What it signed before keeps its standing."),
  element("div", { class: "field" },
    element("label", { for: input.id }, "Why do you revoke it? The reason is public and permanent."), input, error),
  element("div", { class: "row" }, element("button", {}, "Show what I sign"), cancel(panel)));
  open(panel, form, input);
}

function askToForget(key, panel, onChange) {
  const go = element("button", {
    type: "button", class: "really",
    click: async () => {
      await forgetKey(key.fingerprint);
      onChange();
    },
  }, "Forget it");
  open(panel, element("div", {},
    element("p", { class: "notice bad" }, "Without an exported copy nobody can ever sign with this key again, or take back what it signed."),
    element("div", { class: "row" }, go, cancel(panel))), go);
}

const cancel = (panel) =>
  element("button", { type: "button", class: "quiet", click: () => { panel.hidden = true; } }, "Cancel");

function open(panel, content, first) {
  panel.replaceChildren(content);
  panel.hidden = false;
  first.focus();
}
