/** The left side of the review: the tools, the document, and the evidence in it. */

import { createElement } from "../common/dom.js";
import { MessagePane } from "./document_pane.js";

const ZOOM_STEP = 1.2;

export class DocumentArea {
  element = createElement("div", { class: "document-area" });
  #toolbar;
  #pane = new MessagePane("");
  #isEvidenceShown = true;
  #isReadingRegion = false;

  constructor(toolbar) {
    this.#toolbar = toolbar;
    this.element.append(toolbar.tools, this.#pane.element);
  }

  /** Whether the next box that is drawn is read by OCR, as with Alt. */
  get isReadingRegion() {
    return this.#isReadingRegion;
  }

  get width() {
    return this.element.clientWidth;
  }

  /** Show another document, or a message in its place. */
  setPane(pane) {
    this.#pane.close();
    this.#pane.element.replaceWith(pane.element);
    this.#pane = pane;
    this.#toolbar.setAvailable("lines", Boolean(pane.hasTables));
    this.#toolbar.setAvailable("read_region", !pane.toggleLines);
    pane.setEvidenceShown(this.#isEvidenceShown);
  }

  /** Set the evidence of all values: `{ path, title, evidence }` each. */
  setEvidence(marks) {
    this.#pane.setEvidence(marks);
  }

  highlight(evidence, level) {
    this.#pane.highlight(evidence, level);
  }

  createSnippet(evidence) {
    return this.#pane.createSnippet(evidence);
  }

  /** Enter or leave the mode in which a drawn box is read by OCR. */
  setReadingRegion(isReadingRegion) {
    this.#isReadingRegion = isReadingRegion;
    this.#toolbar.setPressed("read_region", isReadingRegion);
    this.element.classList.toggle("reading-region", isReadingRegion);
  }

  /** The actions of the tools and of their shortcuts. */
  get actions() {
    return {
      marks: () => this.#toggleEvidence(),
      lines: () => this.#pane.toggleLines?.(),
      larger: () => this.#pane.zoom(ZOOM_STEP),
      smaller: () => this.#pane.zoom(1 / ZOOM_STEP),
      fit: () => this.#pane.zoom("fit"),
      read_region: () => this.setReadingRegion(!this.#isReadingRegion),
      pageDown: () => this.#pane.scrollScreen(1),
      pageUp: () => this.#pane.scrollScreen(-1),
    };
  }

  #toggleEvidence() {
    this.#isEvidenceShown = !this.#isEvidenceShown;
    this.#pane.setEvidenceShown(this.#isEvidenceShown);
    this.#toolbar.setPressed("marks", this.#isEvidenceShown);
  }
}
