// Makes elements. All text is text: nothing is ever parsed as HTML.

/** An element. A property `class`, `data-…`, `aria-…` or another attribute is set; a function is a listener. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const byID = (id) => document.getElementById(id);

/** Shows or hides an element. */
export const show = (target, isShown = true) => { target.hidden = !isShown; };

/** Moves the focus to a heading or a panel, which then is read out. */
export function focus(target) {
  target.tabIndex = -1;
  target.focus();
}

/** Lets a person save text as a file. */
export function download(name, text, type = "text/plain") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: address, download: name }).click();
  // The browser has read the address when the click returns to the event loop.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A list of names with values. */
export const facts = (entries) =>
  element("dl", { class: "facts" }, entries.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
