// What the server tells a page about its form: attributes of the element with the id `facts`.

import { byID } from "./dom.js";

/** The facts: text by name, with `words` as the names of standings. */
export function pageFacts() {
  const { words, ...facts } = byID("facts").dataset;
  return { ...facts, words: JSON.parse(words) };
}
