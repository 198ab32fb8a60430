/** One field on screen: its input, what the server last said of it, and what somebody is typing. */

import { make } from "./dom.js";
import { percent, say } from "./words.js";

const LONG = 48; // characters from which a text gets several lines

/** What stands for a level beside its colour, for those who do not see the colour. */
export const ICONS = { sure: "○", unsure: "◐", doubtful: "●", wrong: "!", empty: "–", done: "✓" };
const STATES = { edited: "✎", absent: "∅" };

export const keyOf = (path) => JSON.stringify(path);
export const iconOf = (field) => STATES[field.state] ?? ICONS[field.level] ?? "";

const views = new WeakMap();

/** The view whose input that element is. */
export const viewOf = (input) => views.get(input) ?? null;

export class FieldView {
  /** `settled` is the text that is saved or on its way; an input that holds another one is being typed in. */
  settled = "";
  sending = 0;
  /** What could not be saved and waits for a second try: { text, how, evidence }. */
  draft = null;
  refused = "";

  /** `element` carries the colour; `node` is the field in the form's tree. */
  constructor(node, field, element, label) {
    this.node = node;
    this.path = field.path;
    this.element = element;
    this.label = label;
    this.input = inputOf(node, field.text ?? "");
    this.input.setAttribute("aria-label", label);
    this.icon = null;
    this.share = null;
    views.set(this.input, this);
    this.show(field);
  }

  get key() {
    return keyOf(this.path);
  }

  get isTyped() {
    return this.input.value !== this.settled;
  }

  get needs() {
    return this.field.needs || this.draft !== null;
  }

  /** Take over what the server says. What somebody is typing at the moment stays. */
  show(field) {
    this.field = field;
    const idle = !this.isTyped && this.sending === 0 && this.draft === null;
    if (idle) this.#put(field.text ?? "");
    this.paint();
  }

  /** A person's text, which is on its way to the server. */
  put(text, done) {
    this.#put(text);
    this.draft = null;
    this.refused = "";
    this.field = { ...this.field, ...done, text, needs: false, level: "done" };
    this.paint();
  }

  /** The text could not be saved: it stays in the input, marked, beside what the server says of the field. */
  unsaved(draft, why, field) {
    this.field = field;
    this.draft = draft;
    this.refused = why;
    if (!this.isTyped) this.#put(draft.text);
    this.settled = field.text ?? "";
    this.paint();
  }

  /** What is saved, again, in place of what was typed. */
  restore() {
    this.draft = null;
    this.refused = "";
    this.#put(this.field.text ?? "");
    this.paint();
  }

  setReadOnly(readOnly) {
    if (this.input.tagName === "SELECT") this.input.disabled = readOnly;
    else this.input.readOnly = readOnly;
  }

  paint() {
    const { field } = this;
    this.element.dataset.level = this.refused ? "wrong" : field.level;
    this.element.dataset.state = field.state;
    this.element.toggleAttribute("data-needs", this.needs);
    this.element.toggleAttribute("data-unsaved", this.draft !== null);
    const reasons = reasonsOf(field).join(" ");
    this.input.setAttribute("aria-invalid", String(field.level === "wrong"));
    this.input.setAttribute("aria-description", `${levelOf(field)} ${reasons}`.trim());
    this.input.placeholder = field.state === "absent" ? say("review.absent") : "";
    if (this.icon) {
      this.icon.textContent = this.refused ? "!" : iconOf(field);
      this.icon.title = levelOf(field);
      this.share.textContent = shareOf(field);
    }
  }

  #put(text) {
    if (this.input.tagName === "SELECT" && ![...this.input.options].some((option) => option.value === text)) {
      this.input.append(make("option", { value: text, text: `${text} ⚠` }));
    }
    if (this.input.value !== text) {
      // What was selected to be typed over stays so: else what is typed would be added to the new text.
      const selected = document.activeElement === this.input && isAllSelected(this.input);
      this.input.value = text;
      if (selected) this.input.select();
    }
    this.settled = this.input.value;
  }
}

/** Confidence in percent, of a value that no person has settled. */
export function shareOf(field) {
  const said = field.state === "machine" && field.level !== "empty" && typeof field.confidence === "number";
  return said ? percent(field.confidence) : "";
}

/** How sure the field is, in words: `doubtful, 35%`, `put right by li`. */
export function levelOf(field) {
  if (field.state === "machine") {
    const words = say(`level.${field.level}`);
    return shareOf(field) ? `${words}, ${shareOf(field)}` : words;
  }
  return say(field.by ? `state.${field.state}_by` : `state.${field.state}`, { who: field.by });
}

/** Why the field is doubted, a sentence each. */
export function reasonsOf(field) {
  return (field.reasons ?? []).map(({ kind, message }) => sentence(kind, message));
}

const SAYS_MORE = new Set(["check", "schema", "format", "unit", "not_normalised"]);

/** A problem in words; rules of a schema add their own. Kinds without words of their own say what the machine said. */
export function sentence(kind, message) {
  const words = say(`problem.${kind}`);
  if (words === `problem.${kind}`) return message || kind;
  return message && SAYS_MORE.has(kind) ? `${words} ${message}` : words;
}

const isAllSelected = ({ selectionStart, selectionEnd, value }) =>
  value !== "" && selectionStart === 0 && selectionEnd === value.length;

function inputOf(node, text) {
  if (node.type === "list") return make("button", { type: "button" });
  const choices = node.enum ?? (node.type === "boolean" ? [true, false] : null);
  if (choices) {
    const named = choices.filter((choice) => choice !== null).map((choice) => optionOf(choice));
    return make("select", {}, make("option", { value: "", text: "" }), ...named);
  }
  const shared = { autocomplete: "off", spellcheck: "false", autocapitalize: "off" };
  const isText = node.type === "string" || node.type === "json" || node.type === "array";
  if (isText && !node.format && (text.length > LONG || text.includes("\n"))) {
    return make("textarea", { rows: "1", ...shared });
  }
  const isNumber = node.type === "number" || node.type === "integer";
  return make("input", { type: "text", inputmode: isNumber ? "decimal" : null, ...shared });
}

function optionOf(choice) {
  const value = typeof choice === "string" ? choice : JSON.stringify(choice);
  return make("option", { value, text: typeof choice === "boolean" ? say(`review.${choice}`) : value });
}
