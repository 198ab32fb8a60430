/** A button that opens the browser's dialog for choosing a file. */

import { createElement } from "../common/dom.js";

/** Return the button; `onFile(file)` is called with the file that was chosen. `accept` lists file name endings. */
export function createFileButton({ text, accept = "", name, primary = false }, onFile) {
  const input = createElement("input", { type: "file", accept, "aria-label": text, data: { file: name } });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) onFile(file);
  });
  return createElement("label", { class: `file-button${primary ? " primary" : ""}` }, input, text);
}
