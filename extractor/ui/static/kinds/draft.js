/** A kind of report while it is edited, as the server gives it: fields with columns, and checks that name fields. */

export const NUMERIC = new Set(["number", "integer", "money"]);
export const WITH_COLUMNS = new Set(["list", "group"]);

/** Return a field that nobody has said anything about yet. */
export const createField = (name = "") => ({
  name,
  type: "text",
  key: "",
  unit: "",
  labels: [],
  required: false,
  choices: [],
  columns: [],
  description: "",
  sample: null,
  original: null,
  listed: false,
});

export class Draft {
  title;
  description;
  fields;
  /** Each `{ type, parts, target, original }`, with fields themselves as parts and target. */
  checks;
  #original;

  constructor({ title, description, fields, checks, original }) {
    this.title = title;
    this.description = description;
    this.fields = fields;
    this.#original = original;
    this.checks = checks.map((check) => ({
      ...check,
      parts: check.parts.map((path) => this.#fieldAt(path)),
      target: this.#fieldAt(check.target),
    }));
  }

  /** Return all fields with their places (`3`, `3.1`) and the list or group that each stands in. */
  places() {
    const found = [];
    const walk = (fields, above, parent) =>
      fields.forEach((field, index) => {
        const place = `${above}${index}`;
        found.push({ place, field, parent });
        walk(field.columns, `${place}.`, field);
      });
    walk(this.fields, "", null);
    return found;
  }

  /** Return what is sent to the server: checks name fields by their places, as new ones have no property name. */
  toJson() {
    const places = new Map(this.places().map(({ place, field }) => [field, `#${place}`]));
    const placeOf = (field) => places.get(field) ?? "";
    const checks = this.checks.map(({ type, parts, target, original }) => ({
      type,
      parts: parts.map(placeOf),
      target: placeOf(target),
      original,
    }));
    const { title, description, fields } = this;
    return { title, description, fields, checks, original: this.#original };
  }

  #fieldAt(path) {
    let fields = this.fields;
    let found = null;
    for (const key of path ? path.split(".") : []) {
      found = fields.find((field) => field.key === key) ?? null;
      fields = found?.columns ?? [];
    }
    return found;
  }
}
