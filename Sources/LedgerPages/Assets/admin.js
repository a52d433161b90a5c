// The page for moderators and operators.

import { startDecisions } from "./admin-decisions.js";
import { startKeyForms } from "./admin-keys.js";
import { showService } from "./admin-service.js";
import { byID, focus, show } from "./dom.js";
import { problemNotice } from "./form.js";
import { forgetOperatorToken, hasOperatorToken, keepOperatorToken, readAsOperator } from "./operator.js";

show(byID("acting"));
byID("token-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = byID("token");
  if (input.value.trim() === "") return;
  keepOperatorToken(input.value.trim());
  input.value = "";
  await enter();
});
byID("leave").addEventListener("click", () => {
  forgetOperatorToken();
  for (const place of ["service", "leave"]) show(byID(place), false);
  for (const form of document.querySelectorAll("form.operator")) show(form, false);
  show(byID("token-form"));
  focus(byID("token"));
});

/** Shows what only the operator sees. A token that the ledger does not take is forgotten at once. */
async function enter() {
  const place = byID("token-problem");
  show(place, false);
  const answer = await readAsOperator("/api/admin/status");
  if (!answer.ok) {
    if (answer.status === 401 || answer.status === 403) forgetOperatorToken();
    place.replaceChildren(problemNotice(answer.problem));
    show(place);
    return;
  }
  showService(byID("service"), answer.json);
  show(byID("service"));
  for (const form of document.querySelectorAll("form.operator")) show(form);
  show(byID("token-form"), false);
  show(byID("leave"));
}

startKeyForms();
await startDecisions();
if (hasOperatorToken()) await enter();
document.documentElement.dataset.ready = "";
