// JSON of Google's classes and objects, read as a phone of one language reads it. Pure. May not enter: which members a pass has.

export const members = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

export const items = (value) => (Array.isArray(value) ? value : []);

/** Picks the text for `language` (BCP 47): its own, that of its main language, else the default. */
export class Reader {
  constructor(language) {
    this.language = language.toLowerCase();
    this.main = this.language.split("-")[0];
  }

  /** A text, a number as text, or a LocalizedString. */
  text(value) {
    if (value === null || value === undefined || typeof value === "boolean" || Array.isArray(value)) return "";
    return typeof value === "object" ? this.localized(value) : String(value);
  }

  localized(value) {
    const standard = members(value.defaultValue);
    const texts = new Map(items(value.translatedValues).map((one) => [String(one.language ?? "").toLowerCase(), one.value]));
    if (String(standard.language ?? "").toLowerCase() !== this.language) {
      for (const tag of [this.language, this.main]) if (texts.has(tag)) return this.text(texts.get(tag));
    }
    return this.text(standard.value);
  }

  /** A member; its localized twin stands over it. */
  member(resource, name) {
    return this.text(resource[`localized${name[0].toUpperCase()}${name.slice(1)}`]) || this.text(resource[name]);
  }

  /** `venue.name`, `seatInfo.seat`. */
  at(resource, path) {
    const way = path.split(".");
    const last = way.pop();
    const holder = way.reduce((inside, step) => members(inside[step]), resource);
    return "micros" in members(holder[last]) ? this.money(holder[last]) : this.member(holder, last);
  }

  amount(balance) {
    if ("money" in balance) return this.money(members(balance.money));
    if ("string" in balance) return this.text(balance.string);
    const number = balance.int ?? balance.double;
    return number === undefined ? "" : new Intl.NumberFormat(this.language).format(number);
  }

  /** A moment as the phone writes it: in the pass's own zone, where it says none. Other texts stay as they are. */
  moment(text, format = "DATE_TIME") {
    const said = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
    if (!said || Number.isNaN(Date.parse(text))) return text;
    const date = format !== "TIME_ONLY" && { dateStyle: "medium" };
    const time = ["DATE_TIME", "TIME_ONLY", "DATE_TIME_YEAR"].includes(format) && { timeStyle: "short" };
    return new Intl.DateTimeFormat(this.language, { ...date, ...time, timeZone: "UTC" }).format(new Date(`${said[1]}Z`));
  }

  money({ micros, currencyCode }) {
    const value = Number(micros ?? 0) / 1_000_000;
    if (!/^[A-Z]{3}$/.test(currencyCode ?? "")) return value.toFixed(2);
    return new Intl.NumberFormat(this.language, { style: "currency", currency: currencyCode }).format(value);
  }
}
