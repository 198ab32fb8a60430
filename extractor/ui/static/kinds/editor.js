/** One kind of report while it is edited: its sample at the left, its fields and checks at the right. */

import { post } from "../common/api.js";
import { createButton, createElement, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { formatDateTime, hasMessage, language, localize } from "../common/localization.js";
import { showTab } from "../common/navigation.js";
import { CheckList } from "./check_list.js";
import { Draft } from "./draft.js";
import { FieldTable } from "./field_table.js";
import { SampleArea } from "./sample_area.js";
import { SchemaPanel } from "./schema_panel.js";

const PREVIEW_DELAY = 300; // milliseconds after the last change

export class KindEditor {
  element;
  isChanged = false;
  #callbacks;
  #name;
  #version;
  #draft;
  #fields;
  #checks;
  #sample;
  #schema = new SchemaPanel(() => this.#name || this.#draft.title.trim());
  #title;
  #message = createElement("div", { class: "editor-message", role: "status" });
  #error = createElement("div", { class: "editor-error", role: "alert" });
  #values = {};
  #timer = null;
  #requestCount = 0;
  #isClosed = false;

  /** `start`: { name, version, sample, draft, versions, outdated }; `callbacks`: onClosed(), onSaved(name). */
  constructor({ name, version, sample, draft, versions = [], outdated = 0 }, callbacks) {
    this.#callbacks = callbacks;
    this.#name = name;
    this.#version = version;
    this.#draft = new Draft(draft);
    this.isChanged = !name;
    this.#title = createElement("input", {
      type: "text",
      class: "title",
      value: this.#draft.title,
      "aria-label": localize("kinds.title"),
      placeholder: localize("kinds.title_example"),
    });
    this.#title.addEventListener("input", () => {
      this.#draft.title = this.#title.value;
      this.#onChange();
    });
    this.#fields = new FieldTable(this.#draft, {
      onChange: () => this.#onStructureChange(),
      onFocus: (field) => this.#highlight(field),
    });
    this.#checks = new CheckList(this.#draft, () => this.#onChange());
    this.#sample = new SampleArea({
      onSelect: (selection) => this.#addFieldAt(selection),
      onOpenField: (place) => this.#focusPlace(place),
      onSample: () => this.#onSample(),
      onShown: () => this.#showEvidence(),
    });
    this.#sample.sample = sample;
    this.element = createElement(
      "div",
      { class: "kind-editor", data: { kind: name, version } },
      this.#createBar(versions),
      this.#error,
      this.#message,
      createElement(
        "div",
        { class: "editor-body" },
        this.#sample.element,
        createElement(
          "div",
          { class: "editor-form" },
          this.#fields.element,
          this.#checks.element,
          this.#schema.element,
        ),
      ),
    );
    this.#offerExtraction(outdated);
  }

  /** Load the sample and what it has; call it once the editor is on the page. */
  start() {
    this.#sample.show(this.#sample.sample);
    this.#preview();
    if (!this.#draft.title) this.#title.focus();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#sample.close();
  }

  #createBar(versions) {
    const back = createButton({ text: localize("kinds.back") }, () => this.#callbacks.onClosed());
    const save = createButton({ text: localize("kinds.save"), class: "primary save" }, () => this.#save());
    const [newest] = versions;
    const about = newest
      ? localize("kinds.version", { version: newest.version, who: newest.who, at: formatDateTime(newest.at) })
      : localize("kinds.not_saved");
    const history = versions.map(({ version, who, at }) => `${version}: ${who}, ${formatDateTime(at)}`).join("\n");
    return createElement(
      "div",
      { class: "editor-bar" },
      back,
      this.#title,
      createElement("span", { class: "version", text: about, title: history }),
      save,
    );
  }

  // Changes, and what the sample has after them.

  #onChange() {
    this.isChanged = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#preview(), PREVIEW_DELAY);
  }

  #onStructureChange() {
    this.#checks?.build();
    this.#onChange();
  }

  #onSample() {
    for (const { field } of this.#draft.places()) field.sample = null; // it was in the other document
    this.#onChange();
  }

  async #preview() {
    const request = (this.#requestCount += 1);
    let answer;
    try {
      answer = await post("kind-drafts/preview", { draft: this.#draft.toJson(), sample: this.#sample.sample });
    } catch (error) {
      if (request === this.#requestCount)
        this.#showError(error.status ? errorMessage(error) : localize("kinds.offline"));
      return;
    }
    if (request !== this.#requestCount || this.#isClosed) return;
    const isEmpty = !this.#draft.fields.length; // nobody has done anything wrong yet
    this.#showError(answer.error && !isEmpty ? draftMessage(answer.error) : "");
    this.#fields.markWrong(answer.error?.field ?? null);
    this.element.dataset.previews = String(request);
    if (answer.error) return;
    this.#schema.show(answer.schema);
    this.#values = answer.values;
    this.#fields.showFound(answer.values);
    this.#checks.showFailed(answer.failed);
    this.#showEvidence();
  }

  #showError(text) {
    setText(this.#error, text);
  }

  #showEvidence() {
    const marks = this.#draft
      .places()
      .filter(({ place, field }) => !field.columns.length && this.#values[place]?.evidence)
      .map(({ place, field }) => ({ path: place, title: field.name, evidence: this.#values[place].evidence }));
    this.#sample.setEvidence(marks);
  }

  #highlight(field) {
    const place = this.#draft.places().find((each) => each.field === field)?.place;
    this.#sample.highlight(this.#values[place]?.evidence ?? null);
  }

  #focusPlace(place) {
    const found = this.#draft.places().find((each) => each.place === place);
    if (found) this.#fields.focus(found.field);
  }

  async #addFieldAt({ evidence, how }) {
    const { start, end } = evidence;
    try {
      const { field } = await post("kind-drafts/field", {
        sample: this.#sample.sample,
        start,
        end,
        exact: how === "words",
      });
      field.key = "";
      this.#fields.add(field);
    } catch (error) {
      this.#showError(errorMessage(error) || localize("kinds.offline"));
    }
  }

  // Saving, and what follows from it.

  async #save() {
    const request = {
      draft: this.#draft.toJson(),
      name: this.#name,
      base: this.#version,
      sample: this.#sample.sample,
    };
    let saved;
    try {
      saved = await post("kinds", request);
    } catch (error) {
      this.#showError(error.body?.reason ? draftMessage(error.body) : errorMessage(error) || localize("kinds.offline"));
      this.#fields.markWrong(error.body?.field ?? null);
      return;
    }
    this.isChanged = false;
    document.dispatchEvent(new Event("extractor:kinds"));
    await this.#callbacks.onSaved(saved.name);
  }

  /** Offer to extract again what is still open of earlier versions, and say how to go on. */
  #offerExtraction(outdated) {
    if (!this.#name) return;
    const toUpload = createButton({ text: localize("kinds.to_upload") }, () => showTab("upload"));
    const parts = [createElement("span", { text: localize("kinds.saved_as", { version: this.#version }) }), toUpload];
    if (outdated) {
      const again = createButton({ text: localize("kinds.extract_again"), data: { action: "extract-again" } }, () =>
        this.#extractAgain(),
      );
      parts.push(createElement("span", { text: localize("kinds.outdated", { n: outdated }) }), again);
    }
    this.#message.replaceChildren(...parts);
  }

  async #extractAgain() {
    try {
      const { queued } = await post(`kinds/${encodeURIComponent(this.#name)}/extract-again`);
      this.#message.replaceChildren(localize("kinds.queued", { n: queued }));
      document.dispatchEvent(new Event("extractor:uploaded"));
    } catch (error) {
      this.#showError(errorMessage(error) || localize("kinds.offline"));
    }
  }
}

/** Return what is wrong with a draft in the language of the page. */
function draftMessage({ message, hint, reason, field }) {
  const key = `kinds.wrong.${reason}`;
  if (language === "en" || !hasMessage(key)) return [message, hint].filter(Boolean).join(" ");
  return localize(key, { name: field ?? "" });
}
