// Ids that answers gave, offered where the next request needs one. May not enter: the page.

const KEPT_MAX = 12;
const SAME = { serial: "pass_id", pass_code: "pass_id", coupon_id: "programme_id" }; // one thing, two names

const called = (parameter) => SAME[parameter] ?? parameter;

export class Ids {
  /** `operations`: their examples of ids stand in bodies too. `given`: operation → name → an id that its example works with. */
  constructor(operations, given) {
    this.known = new Map();
    const taken = operations.flatMap((one) => one.parameters.filter((each) => each.place === "path" && each.example !== ""));
    this.examples = new Map(taken.map((one) => [one.example, one.name]));
    for (const [operation, names] of Object.entries(given)) for (const [name, value] of Object.entries(names)) this.#keep(`${operation} ${called(name)}`, value);
  }

  /** Newest first; before all others those that answers gave for this very operation. */
  of(parameter, operation = "") {
    const meant = this.known.get(`${operation} ${called(parameter)}`) ?? [];
    return [...new Set([...meant, ...(this.known.get(called(parameter)) ?? [])])];
  }

  /** Takes what an answer of this operation gives. `answer`: its JSON. */
  learn(operation, answer) {
    for (const { to, name, steps } of operation.links) {
      const value = steps.reduce((at, step) => at?.[step], answer);
      this.#keep(called(name), value);
      this.#keep(`${to} ${called(name)}`, value);
    }
    if (operation.lists && Array.isArray(answer?.items)) {
      for (const one of answer.items.slice(0, KEPT_MAX).reverse()) this.#keep(called(operation.lists), one?.[operation.lists] ?? one?.id ?? one?.name);
    }
  }

  #keep(name, value) {
    if (typeof value !== "string" && typeof value !== "number") return;
    const rest = (this.known.get(name) ?? []).filter((one) => one !== String(value));
    this.known.set(name, [String(value), ...rest].slice(0, KEPT_MAX));
  }

  /** An example of the operation in which the newest ids stand for those of the example. */
  into(value, operation, name = "") {
    if (Array.isArray(value)) return value.map((one) => this.into(one, operation, name.replace(/s$/, "")));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.into(one, operation, key)]));
    return typeof value === "string" ? (this.of(name, operation)[0] ?? this.of(this.examples.get(value) ?? "")[0] ?? value) : value;
  }
}
