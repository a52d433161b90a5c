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
    element("h3", {}, "Jobs of this process"),
    jobs.running ? facts(jobEntries(jobs)) : element("p", {}, "No jobs run in this process: it is read-only, or they have not finished a round yet."),
    element("h3", {}, "Trust"), facts(trustEntries(trust)));
}

function checkpointWords(checkpoint, log) {
  if (!checkpoint) return "none is signed yet";
  const behind = log.size - checkpoint.size;
  const age = checkpoint.signed_at ? `, signed at ${checkpoint.signed_at}` : "";
  return `of ${checkpoint.size} events${behind > 0 ? `, ${behind} fewer than the log has` : ""}${age}`;
}

const jobEntries = (jobs) => [
  ["Pending proofs of time", amount(jobs.anchors.pending, jobs.anchors.oldest_position)],
  ["Unchecked identity tokens", amount(jobs.claims.pending)],
  ["Stored copies that are watched", `${jobs.storage.watched}, ${jobs.storage.due} of them due`],
  ["Last rounds", `anchors ${jobs.anchors.at ?? "not yet"}, claims ${jobs.claims.at ?? "not yet"}, storage ${jobs.storage.at ?? "not yet"}`],
];

const amount = (count, oldest) =>
  count > 0 && oldest !== null && oldest !== undefined
    ? [`${count}, the oldest at position `, element("a", { href: `/events?from=${oldest}` }, String(oldest))] : String(count);

function trustEntries({ headers, tsa, jwks }) {
  return [
    ["Block headers", headers.count > 0 ? `${headers.count}, of heights ${headers.lowest} to ${headers.highest}` : "none: no proof of time by Bitcoin can be verified"],
    ["Timestamp authorities", files(tsa, "none: no RFC 3161 token can be verified")],
    ["Keys of the identity issuer", files(jwks, "none besides those that it publishes")],
  ];
}

const files = (list, none) => list.length === 0
  ? none : element("ul", { class: "plain" }, list.map((file) => element("li", {}, element("code", {}, file.sha256), ` (${file.bytes} bytes)`)));
