// The state of the service, as the operator sees it.

import { element, facts } from "./dom.js";

/** Shows the answer of `/api/admin/status`. */
export function showService(place, { log, checkpoint, jobs, trust }) {
  place.replaceChildren(
    element("h2", {}, "Service"),
    element("h3", {}, "Log"),
    facts([
      ["Events", String(log.size)],
      ["Projections", log.lag === 0 ? "up to date" : `${log.lag} events behind`],
      ["Checkpoint", checkpointWords(checkpoint, log)],
      ...(log.refusing ? [["Refusing", log.refusing]] : []),
    ]),
    element("h3", {}, "Jobs of this process"), facts(jobEntries(jobs)),
    element("h3", {}, "Trust"), facts(trustEntries(trust)));
}

function checkpointWords(checkpoint, log) {
  if (!checkpoint) return "none is signed yet";
  const behind = log.size - checkpoint.size;
  const until = checkpoint.covers_until ? `, the last of ${checkpoint.covers_until}` : "";
  return `of ${checkpoint.size} events${until}${behind > 0 ? `; ${behind} events are newer` : ""}`;
}

const NOT_RUN = "No round has ended in this process.";

const jobEntries = ({ anchors, claims, storage }) => [
  ["Pending proofs of time", anchors ? pending(anchors) : NOT_RUN],
  ["Unchecked identity tokens", claims ? pending(claims) : NOT_RUN],
  ["Stored copies", storage ? `${storage.watched} are watched, ${storage.due} of them are due (as of ${storage.at})` : NOT_RUN],
];

function pending({ pending: count, oldest_position: position, oldest_at: since, at }) {
  if (count === 0) return `none (as of ${at})`;
  if (position === null) return `${count} (as of ${at})`;
  return [`${count} (as of ${at}), the oldest `, element("a", { href: `/events?from=${position}` }, `at position ${position}`),
    since ? `, recorded at ${since}` : ""];
}

function trustEntries({ headers, tsa, jwks }) {
  return [
    ["Block headers", headers.count > 0 ? `${headers.count}, of heights ${headers.lowest} to ${headers.highest}` : "none"],
    ["Timestamp authorities", files(tsa, "none: no RFC 3161 token can be verified")],
    ["Keys of the identity issuer", files(jwks, "none besides those that it publishes")],
  ];
}

const files = (list, none) => list.length === 0
  ? none : element("ul", { class: "plain" }, list.map((file) => element("li", {}, element("code", {}, file.sha256), ` (${file.bytes} bytes)`)));
