/** The ways to begin a kind of report: a sample, names, a spreadsheet, another kind, a JSON Schema file, or nothing. */

import { get, post, postFile } from "../common/api.js";
import { createButton, createElement, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { localize } from "../common/localization.js";
import { createFileButton } from "./file_button.js";

const SHEETS = ".xlsx,.xlsm,.xls,.ods,.csv,.tsv";

export class StartPanel {
  #names = createElement("textarea", { rows: "4", "aria-label": localize("kinds.names"), data: { start: "names" } });
  #shipped = createElement("select", { "aria-label": localize("kinds.from_other"), data: { start: "other" } });
  #message = createElement("p", { class: "start-message", role: "status" });
  #callback;
  element;

  /** `onDraft({ draft, sample })` is called with what was begun. */
  constructor(onDraft) {
    this.#callback = onDraft;
    const fromSample = createFileButton(
      { text: localize("kinds.choose_sample"), name: "sample", primary: true },
      (file) => this.#fromSample(file),
    );
    const fromHeader = createFileButton(
      { text: localize("kinds.choose_sheet"), accept: SHEETS, name: "sheet" },
      (file) => this.#fromHeader(file),
    );
    const fromSchema = createFileButton(
      { text: localize("kinds.choose_schema"), accept: ".json", name: "schema" },
      (file) => this.#fromSchema(file),
    );
    this.#names.placeholder = localize("kinds.names_example");
    this.element = createElement(
      "section",
      { class: "start", "aria-label": localize("kinds.new") },
      createElement("h2", { text: localize("kinds.new") }),
      createElement(
        "div",
        { class: "start-ways" },
        way("sample", fromSample),
        way(
          "names",
          this.#names,
          createButton({ text: localize("kinds.use_names") }, () => this.#fromNames()),
        ),
        way("sheet", fromHeader),
        way(
          "other",
          this.#shipped,
          createButton({ text: localize("kinds.use_other") }, () => this.#fromOther()),
        ),
        way("schema", fromSchema),
        way(
          "empty",
          createButton({ text: localize("kinds.use_empty") }, () => this.#callback(begin({}))),
        ),
      ),
      this.#message,
    );
  }

  /** Offer kinds to start from: `{ name, title }` each. */
  offer(kinds) {
    this.#shipped.replaceChildren(
      ...kinds.map(({ name, title }) => createElement("option", { value: name, text: title })),
    );
  }

  async #fromSample(file) {
    await this.#begin(async () => {
      const { sample } = await postFile("samples", file);
      const names = this.#names.value;
      try {
        return { ...(await post("kind-drafts", { source: "sample", sample, text: names })), sample };
      } catch (error) {
        if (error.kind !== "unusable") throw error;
        return { draft: null, sample }; // nothing was found in it: its words can still be clicked
      }
    });
  }

  async #fromHeader(file) {
    await this.#begin(async () => {
      const { sample } = await postFile("samples", file);
      return post("kind-drafts", { source: "header", sample });
    });
  }

  async #fromNames() {
    await this.#begin(() => post("kind-drafts", { source: "names", text: this.#names.value || " " }));
  }

  async #fromOther() {
    await this.#begin(async () => {
      const { draft } = await get(`kinds/${encodeURIComponent(this.#shipped.value)}`);
      return { draft };
    });
  }

  async #fromSchema(file) {
    await this.#begin(async () => post("kind-drafts", { source: "schema", text: await file.text() }));
  }

  /** Show that something goes on, and hand on the draft that comes of it, or say why there is none. */
  async #begin(make) {
    setText(this.#message, localize("kinds.reading"));
    try {
      this.#callback(begin(await make()));
      setText(this.#message, "");
    } catch (error) {
      setText(this.#message, errorMessage(error) || localize("kinds.offline"));
    }
  }
}

/** Return what the editor starts with. */
const begin = ({ draft, sample = "" }) => ({
  name: "",
  version: 0,
  sample,
  draft: draft ?? { title: "", description: "", fields: [], checks: [], original: null },
});

const way = (name, ...controls) =>
  createElement(
    "div",
    { class: "start-way" },
    createElement("h3", { text: localize(`kinds.way.${name}`) }),
    createElement("p", { text: localize(`kinds.about.${name}`) }),
    ...controls,
  );
