/**
 * Kinds of report: which there are, and one of them while its fields are named.
 *
 * Modules in `kinds/`, in reading order:
 *   kind_list, start, file_button      which there are, and ways to begin a new one
 *   editor                             one kind: its sample at the left, its fields at the right
 *   draft                              what is edited, and the places of its fields
 *   field_table, field_row             the fields
 *   check_list                         checks between fields
 *   sample_area                        the sample, with the values found in it
 *   schema_panel                       the same as JSON Schema
 */

import { get } from "./common/api.js";
import { addStyles, createElement, isShown } from "./common/dom.js";
import { loadMessages, localize } from "./common/localization.js";
import { KindEditor } from "./kinds/editor.js";
import { KindList } from "./kinds/kind_list.js";

/** Build the page inside an element, once. */
export async function mount(element) {
  addStyles();
  await Promise.all([loadMessages(), loadMessages("kinds")]);
  return new KindsScreen(element);
}

class KindsScreen {
  #root = createElement("div", { class: "screen kinds" });
  #list = new KindList({ onOpen: (name) => this.#open(name), onDraft: (start) => this.#edit(start) });
  #editor = null;

  constructor(element) {
    element.replaceChildren(this.#root);
    this.#showList();
    window.addEventListener("beforeunload", (event) => {
      if (this.#editor?.isChanged) event.preventDefault();
    });
    window.addEventListener("resize", () => this.#fitHeight());
    new IntersectionObserver(() => this.#fitHeight()).observe(this.#root);
  }

  #showList() {
    this.#editor?.close();
    this.#editor = null;
    this.#root.replaceChildren(this.#list.element);
    this.#list.refresh();
  }

  async #open(name) {
    this.#edit(await get(`kinds/${encodeURIComponent(name)}`));
  }

  /** Edit what was opened or begun: `{ name, version, sample, draft, versions, outdated }`. */
  #edit(start) {
    this.#editor?.close();
    this.#editor = new KindEditor(start, { onClosed: () => this.#leave(), onSaved: (name) => this.#open(name) });
    this.#root.replaceChildren(this.#editor.element);
    this.#fitHeight();
    this.#editor.start();
  }

  #leave() {
    if (!this.#editor.isChanged || window.confirm(localize("kinds.leave_unsaved"))) this.#showList();
  }

  /** Fill the window below where the page begins. */
  #fitHeight() {
    if (!isShown(this.#root)) return;
    const top = this.#root.getBoundingClientRect().top + window.scrollY;
    this.#root.style.setProperty("--top", `${Math.round(Math.max(0, top))}px`);
  }
}
