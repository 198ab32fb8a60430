/**
 * What was learnt: of one schema at a time, what approved records taught, and what can be done about it.
 *
 * Modules in `lessons/`, in reading order:
 *   layout_list, thumbnail    the layouts of documents, with the documents that taught them
 *   field_table               what was learnt about each field
 *   rule_list                 rules that repeated edits of values suggest
 *   correction_curve          how many fields people had to change, over time
 */

import { createSelect, labelled } from "./common/again_dialog.js";
import { get, post } from "./common/api.js";
import { ask } from "./common/dialog.js";
import { addStyles, createButton, createElement, isShown, setText } from "./common/dom.js";
import { errorMessage } from "./common/error_messages.js";
import { loadMessages, localize } from "./common/localization.js";
import { onShowLessons } from "./common/navigation.js";
import { createCorrectionCurve } from "./lessons/correction_curve.js";
import { createFieldTable } from "./lessons/field_table.js";
import { createLayoutList } from "./lessons/layout_list.js";
import { createRuleList } from "./lessons/rule_list.js";

const POLL_INTERVAL = 1000; // milliseconds, while documents are learnt from

/** Build the page inside an element, once. */
export async function mount(element) {
  addStyles();
  await Promise.all([loadMessages(), loadMessages("lessons")]);
  return new LessonsScreen(element);
}

class LessonsScreen {
  #root = createElement("div", { class: "screen lessons" });
  #select = createSelect(localize("lessons.schema"), []);
  #message = createElement("p", { class: "lessons-message", role: "status" });
  #content = createElement("div", { class: "lessons-content" });
  #learn = createButton({ text: localize("lessons.learn") }, () => this.#learnAgain());
  #delete = createButton({ text: localize("lessons.delete_all") }, () =>
    this.#act("delete", {}, localize("lessons.confirm_all")),
  );
  #head = createElement(
    "div",
    { class: "lessons-head", hidden: true },
    labelled(localize("lessons.schema"), this.#select),
    this.#learn,
    this.#delete,
  );
  #wanted = null;
  #shown = "";
  #timer = null;

  constructor(element) {
    this.#root.append(
      createElement("h2", { text: localize("lessons.title") }),
      createElement("p", { class: "about", text: localize("lessons.about") }),
      this.#head,
      this.#message,
      this.#content,
    );
    element.replaceChildren(this.#root);
    this.#select.addEventListener("change", () => this.#refresh());
    document.addEventListener("extractor:changed", () => isShown(this.#root) && this.#refresh());
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.#refresh()).observe(
      this.#root,
    );
    onShowLessons((schema) => {
      this.#wanted = schema;
      this.#refresh();
    });
  }

  /** Fetch the schemas and what was learnt of the chosen one, and again as long as documents are learnt from. */
  async #refresh() {
    clearTimeout(this.#timer);
    try {
      const { schemas } = await get("lessons");
      this.#offer(schemas);
      const found = schemas.length ? await get(`lessons/${encodeURIComponent(this.#select.value)}`) : null;
      if (found && found.id !== this.#select.value) return;
      this.#show(found);
      if (found?.learning) this.#timer = setTimeout(() => this.#refresh(), POLL_INTERVAL);
    } catch (error) {
      setText(this.#message, error.status ? errorMessage(error) : localize("lessons.offline"));
    }
  }

  /** Offer the schemas, and choose the one that was asked for, else the one chosen before. */
  #offer(schemas) {
    const chosen = this.#wanted ?? this.#select.value;
    const titles = schemas.map(({ title }) => title);
    const options = schemas.map(({ id, title }) => {
      const isOnly = titles.indexOf(title) === titles.lastIndexOf(title);
      return createElement("option", { value: id, text: isOnly ? title : `${title} · ${id.slice(0, 8)}` });
    });
    this.#select.replaceChildren(...options);
    if (schemas.some(({ id }) => id === chosen)) {
      this.#select.value = chosen;
      this.#wanted = null;
    } else if (schemas.length) {
      this.#select.value = (schemas.find(({ lessons }) => lessons) ?? schemas[0]).id;
    }
    this.#head.hidden = !schemas.length;
  }

  #show(found) {
    this.#learn.disabled = !found || found.learning;
    this.#delete.disabled = !found?.lessons;
    if (!found?.lessons) setText(this.#message, localize(found?.learning ? "lessons.learning" : "lessons.none"));
    else setText(this.#message, found.learning ? localize("lessons.learning") : "");
    const shown = JSON.stringify(found);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const isOpen = new Set(
      [...this.#content.querySelectorAll("details[open]")].map((details) => details.dataset.layout),
    );
    const focused = document.activeElement?.dataset?.act;
    this.#content.replaceChildren(
      ...(found?.curve.length ? [createCorrectionCurve(found.curve)] : []),
      ...(found?.rules.length
        ? [createRuleList(found.rules, (key, enabled) => this.#act("rule", { key, enabled }))]
        : []),
      ...(found?.lessons ? [createLayoutList(found, isOpen, this.#actions), createFieldTable(found.fields)] : []),
    );
    if (focused) this.#content.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  #actions = {
    enable: (chosen, enabled) => this.#act("enable", { ...chosen, enabled }),
    delete: (chosen, question) => this.#act("delete", chosen, question),
  };

  async #learnAgain() {
    await this.#act("learn", {});
  }

  /** Do something with the lessons of the schema, once it is confirmed where there is a question. */
  async #act(action, body, question = "") {
    if (question && !(await ask(question, [createElement("p", { text: localize("lessons.confirm_about") })]))) return;
    try {
      await post(`lessons/${encodeURIComponent(this.#select.value)}/${action}`, body);
      await this.#refresh();
    } catch (error) {
      setText(this.#message, error.status ? errorMessage(error) : localize("lessons.offline"));
    }
  }
}
