/** The kinds of report that people saved, and the ways to begin a new one. */

import { get, post } from "../common/api.js";
import { createButton, createElement, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { formatDateTime, localize } from "../common/localization.js";
import { StartPanel } from "./start.js";

const COLUMNS = ["title", "fields", "version", "who", "at", "actions"];

export class KindList {
  element;
  #callbacks;
  #start;
  #rows = createElement("tbody");
  #table;
  #message = createElement("p", { class: "list-message", role: "status" });

  /** `callbacks`: onOpen(name), onDraft(start). */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    this.#start = new StartPanel(callbacks.onDraft);
    const heads = COLUMNS.map((name) => createElement("th", { scope: "col", text: localize(`kinds.column.${name}`) }));
    this.#table = createElement(
      "table",
      { class: "kind-table", "aria-label": localize("kinds.saved") },
      createElement("thead", {}, createElement("tr", {}, ...heads)),
      this.#rows,
    );
    this.element = createElement(
      "div",
      { class: "kind-list" },
      createElement("h2", { text: localize("kinds.saved") }),
      this.#table,
      this.#message,
      this.#start.element,
    );
  }

  /** Fetch the kinds and show them. */
  async refresh() {
    let kinds;
    try {
      ({ kinds } = await get("kinds"));
    } catch (error) {
      setText(this.#message, error.status ? errorMessage(error) : localize("kinds.offline"));
      return;
    }
    const saved = kinds.filter((kind) => !kind.shipped);
    this.#rows.replaceChildren(...saved.map((kind) => this.#row(kind)));
    this.#table.hidden = !saved.length;
    setText(this.#message, saved.length ? "" : localize("kinds.none_saved"));
    this.#start.offer([...kinds.filter((kind) => kind.shipped), ...saved]);
  }

  #row(kind) {
    const open = createButton(
      { text: localize("kinds.open"), "aria-label": `${localize("kinds.open")}: ${kind.title}` },
      () => this.#open(kind),
    );
    const remove = createButton(
      { text: localize("kinds.remove"), "aria-label": `${localize("kinds.remove")}: ${kind.title}` },
      () => this.#remove(kind),
    );
    const cells = [kind.title, String(kind.fields), String(kind.version), kind.who, formatDateTime(kind.at)];
    return createElement(
      "tr",
      { data: { kind: kind.name } },
      ...cells.map((text) => createElement("td", { text })),
      createElement("td", {}, open, remove),
    );
  }

  async #open(kind) {
    await Promise.resolve(this.#callbacks.onOpen(kind.name)).catch((error) =>
      setText(this.#message, errorMessage(error)),
    );
  }

  async #remove(kind) {
    if (!window.confirm(localize("kinds.remove_sure", { title: kind.title }))) return;
    try {
      await post(`kinds/${encodeURIComponent(kind.name)}/remove`);
    } catch (error) {
      setText(this.#message, errorMessage(error));
      return;
    }
    await this.refresh();
  }
}
