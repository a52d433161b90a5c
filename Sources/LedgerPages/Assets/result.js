// Shows what became of a submission, with its receipt.

import { download, element, facts, focus } from "./dom.js";

/** Shows the answer to a submission in a panel. */
export function showResult(panel, answer, { words, type, isNew }) {
  const heading = element("h2", {}, isNew ? "Recorded" : "This was recorded already");
  const standing = words.standings[type]?.[answer.standing] ?? { text: answer.standing, tone: "none", meaning: "" };
  // `replaceChildren` would show a null as text.
  panel.replaceChildren(...[
    heading,
    element("p", { class: "row standing" }, badge(standing), element("span", {}, standing.meaning)),
    answer.reason ? element("p", { class: "reason" }, `Why not more: ${sentence(answer.reason)}`) : null,
    facts([
      ["Event", element("a", { href: `/events/${encodeURIComponent(answer.event_id)}` }, element("code", {}, answer.event_id))],
      ["Position in the log", String(answer.position)],
      ["Recorded at", answer.recorded_at],
    ]),
    receipt(answer), status(answer, words),
  ].filter((part) => part !== null));
  panel.hidden = false;
  panel.dataset.state = "done";
  focus(heading);
}

const badge = ({ text, tone }) => element("span", { class: `badge ${tone}` }, text);

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (text.endsWith(".") ? "" : ".");

function receipt(answer) {
  if (!answer.receipt) {
    return element("p", {}, "There is no receipt yet, because the ledger cannot sign one at the moment. The page of the event has the proof later.");
  }
  const name = `pith-ledger-receipt-${answer.position}.txt`;
  return element("div", {},
    element("p", {}, "The receipt is signed by the log. With it you can prove that the ledger accepted this statement, also if it should ever deny it. Keep it."),
    element("button", { type: "button", class: "receipt", click: () => download(name, answer.receipt) }, "Download the receipt"));
}

/** The record afterwards, with the badges of its page. */
function status(answer, words) {
  if (!answer.pith_number) return null;
  const page = element("a", { href: `/pith/${answer.pith_number.split(":").at(-1)}` }, "Go to the page of the paper");
  if (!answer.verification_status) {
    return element("p", {}, "What the paper's page says is not updated yet. ", page);
  }
  const items = words.status.map(({ key, label }) => element("li", { "data-key": key }, statusBadge(key, label, answer.verification_status[key])));
  return element("div", {},
    element("h3", {}, "The paper afterwards"), element("ul", { class: "plain row status" }, items), element("p", {}, page));
}

function statusBadge(key, label, value) {
  if (typeof value === "boolean") return badge({ text: `${label}: ${value ? "yes" : "no"}`, tone: value ? "good" : "none" });
  const tone = key === "weak_author_claims" ? "wait" : "good";
  return badge({ text: `${label}: ${value}`, tone: value > 0 ? tone : "none" });
}
