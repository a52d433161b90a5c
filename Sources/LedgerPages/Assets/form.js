// Reads the fields of a form, and shows errors at them.

import { element } from "./dom.js";

/** A field that cannot be used as it is. */
export class FieldError extends Error {
  constructor(name, message) {
    super(message);
    this.field = name;
  }
}

/** The members of a payload that the form's fields give. Empty fields give none. */
export function readMembers(form) {
  const payload = {};
  for (const control of form.querySelectorAll('[data-member]:not([data-member=""])')) {
    const value = read(control);
    if (value !== undefined) payload[control.dataset.member] = value;
  }
  return payload;
}

function read(control) {
  if (control.dataset.type === "list") {
    const items = Array.from(control.querySelectorAll("input:checked"), (input) => input.value);
    return items.length > 0 ? items : undefined;
  }
  const text = control.value.trim();
  if (text === "") return undefined;
  if (control.dataset.type !== "integer") return text;
  if (!/^\d{1,15}$/.test(text)) throw new FieldError(control.id, "Give a whole number.");
  return Number(text);
}

/** Refuses a form whose required fields are not all filled in. */
export function requireFilled(form) {
  for (const control of form.querySelectorAll("[required]:not([type=file])")) {
    if (control.value.trim() === "" && !control.closest("[hidden]")) throw new FieldError(control.id, "Fill in this field.");
  }
}

/** The value of a field without white space around it. */
export const valueOf = (form, name) => form.querySelector(`#${name}`)?.value.trim() ?? "";

/** Removes all errors of a form. */
export function clearErrors(form) {
  for (const place of form.querySelectorAll(".error")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

/** Shows an error at a field, and moves the focus there. Returns false if the form has no such field. */
export function showFieldError(form, name, message) {
  const field = form.querySelector(`.field[data-name="${CSS.escape(name)}"]`);
  const place = field?.querySelector(".error");
  if (!place || field.closest("[hidden]")) return false;
  place.textContent = message;
  place.hidden = false;
  const control = field.querySelector("input, select, textarea");
  control?.setAttribute("aria-invalid", "true");
  control?.focus();
  return true;
}

/** Shows a problem of the ledger at the field that it names, or else in `place`, which is announced. */
export function showProblem(form, place, problem) {
  const name = form ? fieldName(form, problem.field) : undefined;
  const isAtField = name !== undefined && showFieldError(form, name, sentence(problem));
  place.replaceChildren(problemNotice(problem, isAtField));
  place.hidden = false;
}

/** The field of the form for a member such as `payload.citing_doi`. */
function fieldName(form, member) {
  if (!member) return undefined;
  const fields = Array.from(form.querySelectorAll(".field[data-fields]"));
  const fits = (prefix) => member === prefix || member.startsWith(prefix + ".");
  return fields.find((field) => field.dataset.fields.split(" ").some(fits))?.dataset.name;
}

/** A problem as a notice. */
export function problemNotice(problem, isBrief = false) {
  return element("div", { class: "notice bad" },
    element("p", {}, isBrief ? `One field needs a change: ${sentence(problem)}` : sentence(problem)),
    candidates(problem),
    element("p", { class: "faint" }, `Check: ${problem.check}${problem.field ? `, ${problem.field}` : ""}`));
}

const candidates = (problem) => problem.candidates?.length > 0
  ? element("ul", {}, problem.candidates.map((name) => element("li", {}, String(name))))
  : null;

function sentence(problem) {
  const detail = String(problem.detail);
  const seconds = problem.retry_after;
  return seconds && !/\bsecond/.test(detail) ? `${detail} Try again in ${seconds} seconds.` : detail;
}
