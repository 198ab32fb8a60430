/** The kind of report as JSON Schema: to be seen, copied and downloaded. */

import { createButton, createElement, setText } from "../common/dom.js";
import { localize } from "../common/localization.js";

export class SchemaPanel {
  element;
  #text = createElement("pre", { tabIndex: 0, "aria-label": "JSON Schema" });
  #state = createElement("span", { role: "status" });
  #schema = null;
  #nameOf;

  /** `nameOf()` returns the name of the file that is downloaded, without its ending. */
  constructor(nameOf) {
    this.#nameOf = nameOf;
    this.element = createElement(
      "details",
      { class: "schema-panel" },
      createElement("summary", { text: localize("kinds.as_schema") }),
      createElement(
        "div",
        { class: "schema-buttons" },
        createButton({ text: localize("kinds.copy") }, () => this.#copy()),
        createButton({ text: localize("kinds.download") }, () => this.#download()),
        this.#state,
      ),
      this.#text,
    );
  }

  show(schema) {
    this.#schema = schema;
    setText(this.#text, schema ? JSON.stringify(schema, null, 2) : "");
    setText(this.#state, "");
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#text.textContent);
      setText(this.#state, localize("kinds.copied"));
    } catch {
      getSelection().selectAllChildren(this.#text);
      setText(this.#state, localize("kinds.selected"));
    }
  }

  #download() {
    if (!this.#schema) return;
    const url = URL.createObjectURL(new Blob([`${this.#text.textContent}\n`], { type: "application/json" }));
    const link = createElement("a", { href: url, download: `${this.#nameOf() || "schema"}.json` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}
