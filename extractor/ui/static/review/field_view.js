/** A field on screen: its input, what the server last answered about it, and what is being typed. */

import { createElement } from "../common/dom.js";
import { localize } from "../common/localization.js";
import { confidenceText, learntText, levelIcon, levelText, reasonTexts } from "./field_status.js";

const MULTILINE_FROM = 48; // characters from which a text gets a field of several lines

/** Return a path as the key of a map or of an element's data. */
export const pathKey = (path) => JSON.stringify(path);

const views = new WeakMap();

/** Return the view that an input belongs to, or null. */
export const viewOfInput = (input) => views.get(input) ?? null;

export class FieldView {
  /** The text that is saved or being saved; where the input has another, somebody is typing. */
  savedText = "";
  /** The number of changes to the field that the server has not answered. */
  pendingCount = 0;
  /** A change that could not be saved and can be tried again, `{ text, how, evidence }`, or null. */
  draft = null;
  /** Why the server refused the draft. */
  refusal = "";

  /** `node` is the field in the form's tree; `element` is coloured by the field's level. */
  constructor(node, field, element, label) {
    this.node = node;
    this.path = field.path;
    this.element = element;
    this.label = label;
    this.input = createInput(node, field.text ?? "");
    this.input.setAttribute("aria-label", label);
    this.icon = null;
    this.confidence = null;
    views.set(this.input, this);
    this.update(field);
  }

  get key() {
    return pathKey(this.path);
  }

  /** Whether text has been typed that is not saved. */
  get isEdited() {
    return this.input.value !== this.savedText;
  }

  get needsCheck() {
    return this.field.needs || this.draft !== null;
  }

  /** Show a field as the server has it; text that is being typed stays. */
  update(field) {
    this.field = field;
    const isIdle = !this.isEdited && this.pendingCount === 0 && this.draft === null;
    if (isIdle) this.#setText(field.text ?? "");
    this.render();
  }

  /** Show a change that a person made before the server has answered; `changes` are properties of the field. */
  applyChange(text, changes) {
    this.#setText(text);
    this.draft = null;
    this.refusal = "";
    const isOpen = this.field.required && text === "" && changes.state !== "absent" && this.node.type !== "list";
    this.field = { ...this.field, ...changes, text, needs: isOpen, level: isOpen ? this.field.level : "done" };
    this.render();
  }

  /** Keep a change that could not be saved as a draft: its text stays in the input; `field` is what the server has. */
  keepDraft(draft, refusal, field) {
    this.field = field;
    this.draft = draft;
    this.refusal = refusal;
    if (!this.isEdited) this.#setText(draft.text);
    this.savedText = field.text ?? "";
    this.render();
  }

  /** Replace what was typed by what is saved. */
  restore() {
    this.draft = null;
    this.refusal = "";
    this.#setText(this.field.text ?? "");
    this.render();
  }

  setReadOnly(readOnly) {
    if (this.input.tagName === "SELECT") this.input.disabled = readOnly;
    else this.input.readOnly = readOnly;
  }

  /** Show the field's level, state and reasons. */
  render() {
    const { field } = this;
    this.element.dataset.level = this.refusal ? "wrong" : field.level;
    this.element.dataset.state = field.state;
    this.element.toggleAttribute("data-needs", this.needsCheck);
    this.element.toggleAttribute("data-unsaved", this.draft !== null);
    this.input.setAttribute("aria-invalid", String(field.level === "wrong"));
    const description = [levelText(field), ...reasonTexts(field), learntText(field)];
    this.input.setAttribute("aria-description", description.join(" ").trim());
    this.input.placeholder = field.state === "absent" ? localize("review.absent") : "";
    if (this.icon) {
      this.icon.textContent = this.refusal ? "!" : levelIcon(field);
      this.icon.title = levelText(field);
      this.confidence.textContent = confidenceText(field);
    }
  }

  #setText(text) {
    if (this.input.tagName === "SELECT" && ![...this.input.options].some((option) => option.value === text)) {
      this.input.append(createElement("option", { value: text, text: `${text} ⚠` }));
    }
    if (this.input.value !== text) {
      // Text that was selected to be typed over stays selected: else typing would be appended to the new text.
      const wasSelected = document.activeElement === this.input && isAllSelected(this.input);
      this.input.value = text;
      if (wasSelected) this.input.select();
    }
    this.savedText = this.input.value;
  }
}

const isAllSelected = ({ selectionStart, selectionEnd, value }) =>
  value !== "" && selectionStart === 0 && selectionEnd === value.length;

function createInput(node, text) {
  if (node.type === "list") return createElement("button", { type: "button" });
  const choices = node.enum ?? (node.type === "boolean" ? [true, false] : null);
  if (choices) {
    const options = choices.filter((choice) => choice !== null).map((choice) => createOption(choice));
    return createElement("select", {}, createElement("option", { value: "", text: "" }), ...options);
  }
  const attributes = { autocomplete: "off", spellcheck: "false", autocapitalize: "off" };
  const isText = node.type === "string" || node.type === "json" || node.type === "array";
  if (isText && !node.format && (text.length > MULTILINE_FROM || text.includes("\n"))) {
    return createElement("textarea", { rows: "1", ...attributes });
  }
  const isNumber = node.type === "number" || node.type === "integer";
  return createElement("input", { type: "text", inputmode: isNumber ? "decimal" : null, ...attributes });
}

function createOption(choice) {
  const value = typeof choice === "string" ? choice : JSON.stringify(choice);
  return createElement("option", { value, text: typeof choice === "boolean" ? localize(`review.${choice}`) : value });
}
