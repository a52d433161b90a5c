// Shows new events on the first page. The stream tells that there are new events; the rows come from the server, which
// writes them in words. The stream is open only while the page is visible and not paused.

const section = document.getElementById("latest");
const list = document.getElementById("latest-list");
const state = document.getElementById("latest-state");
const button = document.getElementById("latest-pause");
const controls = document.getElementById("latest-controls");
const MAX_ROWS = 20;
const REFRESH_MS = 3000;

let next = Number(section.dataset.next);
let source = null;
let paused = false;
let refreshing = null;

/** The address of the event that a row is about. */
function key(row) {
  return row.querySelector('a[href^="/events/"]')?.getAttribute("href");
}

/** Inserts the rows of the server's page that are not shown yet, and takes over its totals. */
async function refresh() {
  refreshing = null;
  const response = await fetch("/", { headers: { Accept: "text/html" }, cache: "no-cache" });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const known = new Set([...list.children].map(key));
  const rows = [...page.querySelectorAll("#latest-list > li")].filter((row) => !known.has(key(row)));
  for (const row of rows.reverse()) {
    const fresh = document.adoptNode(row);
    fresh.classList.add("fresh");
    list.prepend(fresh);
  }
  while (list.children.length > MAX_ROWS) list.lastElementChild.remove();
  document.getElementById("latest-empty")?.remove();
  const totals = page.getElementById("totals");
  if (totals) document.getElementById("totals").replaceChildren(...totals.children);
}

function schedule() {
  refreshing ??= setTimeout(() => refresh().catch(() => show("The list could not be updated.")), REFRESH_MS);
}

function show(text) {
  if (state.textContent !== text) state.textContent = text;
}

function close() {
  source?.close();
  source = null;
  clearTimeout(refreshing);
  refreshing = null;
}

function open() {
  if (source || paused || document.hidden) return;
  source = new EventSource(`/api/events/stream?from=${next}`);
  source.onopen = () => show("New events appear by themselves.");
  source.onmessage = (message) => {
    next = Number(message.lastEventId) + 1;
    schedule();
  };
  source.onerror = () => {
    // The browser connects again by itself, unless the server refused the stream.
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    show("Live updates are not available now. Load the page again to see new events.");
  };
}

button.addEventListener("click", () => {
  paused = !paused;
  button.setAttribute("aria-pressed", String(paused));
  if (paused) {
    close();
    show("Paused.");
  } else {
    open();
    schedule();
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    close();
  } else {
    open();
  }
});
addEventListener("pagehide", close);
controls.hidden = false;
open();
