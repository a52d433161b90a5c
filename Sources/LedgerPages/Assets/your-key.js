// The page on which a person makes, imports, exports, registers, revokes and forgets keys.

import { byID, element, focus, show } from "./dom.js";
import { chooseFile } from "./file-field.js";
import { clearErrors, FieldError, showFieldError, valueOf } from "./form.js";
import { keyCard } from "./key-card.js";
import { generateKey, KeyFileError, nameFault, readKeyFile } from "./key-file.js";
import { keepKey, missingSupport, onKeysChanged, storedKeys } from "./key-store.js";
import { pageFacts } from "./page-facts.js";

const facts = pageFacts();
const reason = await missingSupport();
if (reason) {
  byID("unsupported").querySelector(".why").textContent = reason;
  show(byID("unsupported"));
} else {
  show(byID("acting"));
  await listKeys();
  onKeysChanged(listKeys);
}
document.documentElement.dataset.ready = "";

async function listKeys() {
  const keys = await storedKeys();
  byID("key-list").replaceChildren(...keys.map((key) => keyCard(key, facts, keysChanged)));
  show(byID("no-keys-yet"), keys.length === 0);
}

/** Shows the keys again after one was registered, revoked or forgotten. What was said before is over then. */
async function keysChanged() {
  byID("key-news").textContent = "";
  await listKeys();
}

/** Keeps a key, and shows it. */
async function add(key) {
  const isNew = await keepKey(key);
  await listKeys();
  byID("key-news").textContent = isNew
    ? "This browser has the key now. Export it next: without a copy it is lost when the browser's data is deleted. Then register it."
    : "This browser has this key already.";
  const card = byID("key-list").querySelector(`[data-key="${key.signer.public_key_fingerprint}"] h3`);
  if (card) focus(card);
}

let isBusy = false;
byID("make").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  if (isBusy) return;
  isBusy = true;
  clearErrors(form);
  try {
    const names = Object.fromEntries(["key_id", "signer_id", "signer_type"].map((name) => [name, valueOf(form, name)]));
    for (const name of ["key_id", "signer_id"]) {
      const fault = nameFault(names[name]);
      if (fault) throw new FieldError(name, fault);
    }
    await add(await generateKey(names));
    form.reset();
  } catch (error) {
    if (!(error instanceof FieldError && showFieldError(form, error.field, error.message))) {
      byID("key-news").textContent = `The key cannot be kept: ${error.message}`;
    }
  } finally {
    isBusy = false;
  }
});

chooseFile(byID("import"), "key_file", async (file) => {
  if (file.size > 16_384) throw new FieldError("key_file", "This is not a key file: it is too large.");
  try {
    const key = await readKeyFile(await file.text());
    await add(key);
    return `Imported the key ${key.signer.key_id}. The file was read by this browser and not sent.`;
  } catch (error) {
    if (error instanceof KeyFileError) throw new FieldError("key_file", error.message);
    throw new FieldError("key_file", "This is not a key file that this browser can use.");
  }
});
