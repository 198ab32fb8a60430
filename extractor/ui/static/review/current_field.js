/** The current field: the one that has the focus or had it last, with its evidence highlighted and its details shown. */

const SCROLL_MARGIN = 30; // pixels within the form's edge in which a field counts as out of sight

export class CurrentField {
  /** The view of the field, null before any had the focus. */
  view = null;
  #form;
  #documentArea;
  #details;
  #recordState;
  #highlighted = null; // the evidence that is highlighted

  /** `recordState()` returns `{ readOnly, calibrated }` of the open record. */
  constructor(form, documentArea, details, recordState) {
    this.#form = form;
    this.#documentArea = documentArea;
    this.#details = details;
    this.#recordState = recordState;
  }

  /** Forget the field of the record that was open before. */
  clear() {
    this.view = null;
    this.#details.clear();
  }

  /** Move the focus to a field, unfolding and scrolling to it. */
  focus(view) {
    if (!view) return;
    for (let fold = view.element.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    view.grid?.reveal(view);
    view.input.focus({ preventScroll: true });
    const pane = this.#form.element.getBoundingClientRect();
    const area = view.element.getBoundingClientRect();
    if (area.top < pane.top + SCROLL_MARGIN || area.bottom > pane.bottom - SCROLL_MARGIN) {
      this.#form.element.scrollTop += area.top - pane.top - pane.height * 0.5;
    }
    view.input.select?.();
  }

  /** Make a field that has received the focus the current one. */
  set(view) {
    this.view?.element.classList.remove("current");
    this.view = view;
    view.element.classList.add("current");
    this.show();
  }

  /** Show the field's details and highlight its evidence; with `keepScroll`, the document only moves for new evidence. */
  show({ keepScroll = false } = {}) {
    if (!this.view) return;
    const { evidence, level } = this.view.field;
    if (!keepScroll || evidence !== this.#highlighted) this.#documentArea.highlight(evidence, level);
    this.#highlighted = evidence;
    this.#details.show(this.view, { snippet: this.#documentArea.createSnippet(evidence), ...this.#recordState() });
  }

  /** Highlight other evidence than that of the current field, until another field is shown. */
  showEvidence(evidence) {
    this.#documentArea.highlight(evidence, "sure");
    this.#highlighted = evidence;
  }

  /** Focus a field near the current one where its row was deleted, else show it again. */
  refresh() {
    if (!this.view) return;
    if (this.view.element.isConnected) {
      this.show({ keepScroll: true });
      return;
    }
    this.focus(this.#form.get(this.view.path) ?? this.view.grid?.views.at(-1) ?? this.#form.views[0]);
  }
}
