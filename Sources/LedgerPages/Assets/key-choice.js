// The field in which a person chooses the key that signs.

import { element, show } from "./dom.js";
import { missingSupport, onKeysChanged, storedKeys } from "./key-store.js";
import { keyStanding } from "./signing.js";

/**
 * Fills the field `#key` of a form with the keys of this browser.
 *
 * `filter` says which keys can sign here. Returns an object whose `chosen()` gives the key, or undefined if there is none.
 */
export async function fillKeys(form, filter = () => true) {
  const select = form.querySelector("#key");
  const hint = form.querySelector("#key-state");
  const reason = await missingSupport();
  if (reason) {
    show(select.closest(".field"), false);
    const place = form.querySelector(".no-keys");
    place.querySelector(".why").textContent = reason;
    show(place);
    return { chosen: () => undefined };
  }
  let keys = [];
  const fill = async () => {
    const before = select.value;
    keys = (await storedKeys()).filter(filter);
    select.replaceChildren(...keys.map(option));
    if (keys.some((key) => key.fingerprint === before)) select.value = before;
    select.disabled = keys.length === 0;
    await describe(hint, keys.find((key) => key.fingerprint === select.value));
  };
  select.addEventListener("change", () => describe(hint, keys.find((key) => key.fingerprint === select.value)));
  onKeysChanged(fill);
  await fill();
  return { chosen: () => keys.find((key) => key.fingerprint === select.value) };
}

const option = ({ fingerprint, signer }) =>
  element("option", { value: fingerprint }, `${signer.key_id} (${signer.signer_id}, ${signer.signer_type})`);

/** Says whether the ledger takes what the key signs. */
async function describe(hint, key) {
  if (!key) {
    hint.replaceChildren("This browser has no key yet. ", element("a", { href: "/your-key" }, "Make or import one"), ".");
    return;
  }
  hint.textContent = "Asking the ledger about this key …";
  hint.dataset.key = key.fingerprint;
  const answer = await keyStanding(key.fingerprint);
  // Another key may have been chosen meanwhile.
  if (hint.dataset.key !== key.fingerprint) return;
  hint.replaceChildren(...words(answer));
}

function words({ standing, problem }) {
  if (problem) return [problem.detail];
  return {
    vouched: ["The ledger vouches for the name of this key."],
    revoked: ["This key is revoked: the ledger takes nothing that it signs. ", yourKey("Make another"), "."],
    retired: ["This key is registered. The ledger no longer vouches for its name."],
    live: ["This key is registered. Nobody vouches for its name yet."],
    unknown: ["The ledger does not know this key yet. ", yourKey("Register it first"), "."],
  }[standing] ?? [];
}

const yourKey = (text) => element("a", { href: "/your-key" }, text);
