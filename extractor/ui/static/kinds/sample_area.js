/** The sample of a kind of report: its pages or text, with the values of fields marked; a click on a word adds a field. */

import { postFile } from "../common/api.js";
import { createButton, createElement, setText } from "../common/dom.js";
import { errorMessage } from "../common/error_messages.js";
import { localize } from "../common/localization.js";
import { MessagePane, createDocumentPane, fetchDocument } from "../review/document_pane.js";
import { createFileButton } from "./file_button.js";

export class SampleArea {
  element;
  sample = "";
  #callbacks;
  #pane = new MessagePane("");
  #message = createElement("span", { class: "sample-message", role: "status" });
  #isClosed = false;

  /**
   * `callbacks`: onSelect({ text, evidence }) for what was clicked, onOpenField(place), onSample() for another one,
   * onShown() once it is there. */
  constructor(callbacks) {
    this.#callbacks = callbacks;
    const choose = createFileButton({ text: localize("kinds.other_sample"), name: "other-sample" }, (file) =>
      this.#choose(file),
    );
    const zoom = (name, factor) =>
      createButton({ text: localize(`review.${name}`), "aria-label": localize(`kinds.${name}`) }, () =>
        this.#pane.zoom(factor),
      );
    const tools = createElement(
      "div",
      { class: "sample-tools" },
      choose,
      zoom("smaller", 1 / 1.2),
      zoom("larger", 1.2),
      zoom("fit", "fit"),
      this.#message,
    );
    this.element = createElement("div", { class: "document-area" }, tools, this.#pane.element);
  }

  /** Show a sample, or that there is none. */
  async show(sample) {
    this.sample = sample;
    if (!sample) {
      this.#setPane(new MessagePane(localize("kinds.no_sample")));
      return;
    }
    this.#setPane(new MessagePane(localize("kinds.reading")));
    const isWanted = () => !this.#isClosed && this.sample === sample;
    try {
      const fetched = await fetchDocument(`samples/${sample}`, isWanted);
      if (!isWanted()) return;
      this.#setPane(createDocumentPane(`samples/${sample}`, fetched, this.#paneCallbacks()));
      this.element.dataset.sample = sample;
      setText(this.#message, localize("kinds.click_adds"));
      this.#callbacks.onShown();
    } catch (error) {
      if (isWanted()) this.#setPane(new MessagePane(errorMessage(error) || localize("kinds.offline")));
    }
  }

  close() {
    this.#isClosed = true;
    this.#pane.close();
  }

  /** Mark the values of fields: `{ path, title, evidence }` each, with the field's place as the path. */
  setEvidence(marks) {
    this.#pane.setEvidence(marks);
  }

  highlight(evidence) {
    this.#pane.highlight(evidence, "sure");
  }

  async #choose(file) {
    setText(this.#message, localize("kinds.reading"));
    try {
      const { sample } = await postFile("samples", file);
      this.sample = sample;
      this.#callbacks.onSample();
      await this.show(sample);
    } catch (error) {
      setText(this.#message, errorMessage(error) || localize("kinds.offline"));
    }
  }

  #setPane(pane) {
    this.#pane.close();
    this.#pane.element.replaceWith(pane.element);
    this.#pane = pane;
    pane.setEvidenceShown(true);
    pane.element.tabIndex = 0; // to be scrolled by keys: there is no field beside it that does so
  }

  #paneCallbacks() {
    return {
      canFill: () => true,
      onSelect: (selection) => this.#callbacks.onSelect(selection),
      isReadingRegion: () => false,
      onReadRegion: () => {},
      onOpenField: (place) => this.#callbacks.onOpenField(place),
    };
  }
}
