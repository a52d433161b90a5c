// Vouching, withdrawing of vouches and revoking, as the operator.

import { element, focus } from "./dom.js";
import { problemNotice } from "./form.js";
import { writeAsOperator } from "./operator.js";

/** Starts the forms `form.operator`: each posts its fields to the address in `data-post`. */
export function startKeyForms() {
  for (const form of document.querySelectorAll("form.operator")) start(form);
}

function start(form) {
  const outcome = form.querySelector(".outcome");
  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    outcome.textContent = "Sending …";
    const fields = Object.fromEntries(Array.from(new FormData(form), ([name, value]) => [name, value.trim()]).filter(([, value]) => value !== ""));
    const { fingerprint, action, ...body } = { ...form.dataset, ...fields };
    const answer = await writeAsOperator(`/api/admin/keys/${encodeURIComponent(fingerprint)}/${action}`, pick(body));
    isBusy = false;
    outcome.replaceChildren(answer.ok ? done(answer.json) : problemNotice(answer.problem));
    focus(outcome);
  });
}

const pick = ({ as, name, reason, compromised_from_position: from }) => ({
  ...(as === undefined ? {} : { as }), ...(name === undefined ? {} : { name }), ...(reason === undefined ? {} : { reason }),
  ...(from === undefined ? {} : { compromised_from_position: Number(from) }),
});

const done = (answer) => element("p", { class: "notice good" },
  answer.created ? "Recorded: " : "It was so already: ",
  element("a", { href: `/events/${encodeURIComponent(answer.event_id)}` }, `event at position ${answer.position}`), ".");
