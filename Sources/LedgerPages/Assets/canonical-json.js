// Writes the JSON that is hashed and signed (docs/specification/canonical-json.md).

import { utf8 } from "./encoding.js";

const SHORT = { "\"": "\\\"", "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const MAX_DEPTH = 64;

/** The canonical text of a value. Throws a TypeError for what has none: a fraction, half of a surrogate pair, undefined. */
export function canonicalText(value, depth = 0) {
  if (value === null || value === true || value === false) return String(value);
  switch (typeof value) {
    case "number":
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
        throw new TypeError(`${value} is not an integer within ±(2^53 − 1).`);
      }
      return String(value);
    case "string":
      return string(value);
    case "object":
      if (depth >= MAX_DEPTH) throw new TypeError("Arrays and objects are nested too deep.");
      return Array.isArray(value) ? array(value, depth + 1) : object(value, depth + 1);
    default:
      throw new TypeError(`A value of the type ${typeof value} has no canonical form.`);
  }
}

export const canonicalBytes = (value) => utf8(canonicalText(value));

function string(text) {
  if (!text.isWellFormed()) throw new TypeError("A text has half of a surrogate pair.");
  const escaped = text.replace(
    /["\\\u0000-\u001f]/g,
    (character) => SHORT[character] ?? "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"));
  return `"${escaped}"`;
}

function array(items, depth) {
  // `map` skips the holes of an array, which have no canonical form either.
  return `[${Array.from(items, (item) => canonicalText(item, depth)).join(",")}]`;
}

function object(members, depth) {
  const prototype = Object.getPrototypeOf(members);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError("Only plain objects have a canonical form.");
  }
  const keys = Object.keys(members).sort(byCodePoint);
  return `{${keys.map((key) => `${string(key)}:${canonicalText(members[key], depth)}`).join(",")}}`;
}

/** Compares by code point. The order of JavaScript is by UTF-16 unit, which differs beyond U+FFFF. */
function byCodePoint(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    if (a.charCodeAt(at) === b.charCodeAt(at)) continue;
    // The first unit that differs may be the second half of a pair with an equal first half.
    return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
  }
  return a.length - b.length;
}

/** Orders UTF-16 units so that surrogates, which stand for higher code points, come last. */
const rank = (unit) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
