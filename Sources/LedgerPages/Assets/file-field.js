// A field for a file, which a person chooses or drops there.

import { clearErrors, FieldError, showFieldError } from "./form.js";

/**
 * Calls `take(file, progress, signal)` for each file that is chosen or dropped, and shows the text that it gives.
 *
 * A newer file ends the work on an older one. An error is shown at the field.
 */
export function chooseFile(form, name, take) {
  const input = form.querySelector(`#${name}`);
  const zone = input.closest(".drop");
  const state = form.querySelector(`#${name}-state`);
  let work = new AbortController();
  const begin = async (file) => {
    work.abort(new DOMException("Another file was chosen.", "AbortError"));
    const mine = work = new AbortController();
    clearErrors(form);
    if (!file) {
      state.textContent = "";
      return;
    }
    state.textContent = `Hashing ${file.name} …`;
    let shown = 0;
    const progress = (part) => {
      // A line for every piece would flood a screen reader.
      const percent = Math.floor(part * 10) * 10;
      if (percent !== shown && percent < 100) state.textContent = `Hashing ${file.name}: ${shown = percent} %`;
    };
    try {
      const text = await take(file, progress, mine.signal);
      if (!mine.signal.aborted) state.textContent = text;
    } catch (error) {
      if (mine.signal.aborted) return;
      state.textContent = "";
      const message = error instanceof FieldError ? error.message : `The file cannot be read: ${error.message}`;
      showFieldError(form, error.field ?? name, message);
    }
  };
  input.addEventListener("change", () => begin(input.files[0]));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length !== 1) return;
    input.files = event.dataTransfer.files;
    begin(input.files[0]);
  });
}
