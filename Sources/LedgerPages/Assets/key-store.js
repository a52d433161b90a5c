// The keys of this browser, in its IndexedDB. They belong to this site alone, and are never sent.

const DATABASE = "pith-ledger-keys";
const STORE = "keys";

/** Whether this browser can make and keep Ed25519 keys: a person gets the reason if it cannot, and null otherwise. */
export async function missingSupport() {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
    return "This page was not loaded over HTTPS or from this computer, so the browser offers it no cryptography.";
  }
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  } catch {
    return "This browser does not know Ed25519 signatures.";
  }
  try {
    (await open()).close();
  } catch {
    return "This browser does not let this page keep data, as in a private window of some browsers.";
  }
  return null;
}

/** Every key, ordered by its name. */
export async function storedKeys() {
  const keys = await run("readonly", (store) => store.getAll());
  return keys.sort((a, b) => a.signer.key_id.localeCompare(b.signer.key_id));
}

/** A key by its fingerprint; undefined if another tab has forgotten it. */
export const storedKey = (fingerprint) => run("readonly", (store) => store.get(fingerprint));

/** Keeps a key. Returns false if the browser has this key already; it stays as it is then. */
export async function keepKey(key) {
  const entry = { ...key, fingerprint: key.signer.public_key_fingerprint };
  try {
    await run("readwrite", (store) => store.add(entry));
  } catch (error) {
    if (error?.name === "ConstraintError") return false;
    throw error;
  }
  notify();
  // Without this, a browser that runs out of space may delete what it keeps.
  await navigator.storage?.persist?.();
  return true;
}

/** Forgets a key. */
export async function forgetKey(fingerprint) {
  await run("readwrite", (store) => store.delete(fingerprint));
  notify();
}

/** Calls back when another tab keeps or forgets a key. */
export function onKeysChanged(callback) {
  channel?.addEventListener("message", callback);
}

const channel = globalThis.BroadcastChannel ? new BroadcastChannel(DATABASE) : undefined;
const notify = () => channel?.postMessage("changed");

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "fingerprint" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("Another tab keeps the keys of this browser locked."));
  });
}

async function run(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, mode === "readwrite" ? { durability: "strict" } : {});
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(request.error ?? transaction.error);
    });
  } finally {
    database.close();
  }
}
