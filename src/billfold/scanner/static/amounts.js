// Money and points as whole minor units: how they are typed, and how they are written. No fractions ever exist in between.
// May not enter: prices, what an amount is for.

import { say } from "billfold/texts.js";

const PLAIN = new Set(["points", "stamps", "visits", "entries"]);
const NONE = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(" "));
const THREE = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));
export const AMOUNT_MAX = 10 ** 12;

export const isMoney = (unit) => !PLAIN.has(unit);

/** Decimal places of a unit (ISO 4217); points and the like have none. */
export function placesOf(unit) {
  if (!isMoney(unit) || NONE.has(unit)) return 0;
  return THREE.has(unit) ? 3 : 2;
}

/** The next amount when `key` ("0" to "9", "00", "back", "clear") is pressed on a till's keypad: digits come in from the right. */
export function press(amount, key) {
  if (key === "clear") return 0;
  if (key === "back") return Math.trunc(amount / 10);
  const next = [...key].reduce((sum, digit) => sum * 10 + Number(digit), amount);
  return next <= AMOUNT_MAX ? next : amount;
}

/** Minor units as digits: 550 EUR gives "5.50". */
export function decimal(amount, unit) {
  const places = placesOf(unit);
  const digits = String(Math.abs(amount)).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${amount < 0 ? "-" : ""}${whole}${places ? `.${digits.slice(-places)}` : ""}`;
}

/** As people of the page's language write it: "€5.50", "12 points". `sign`: a plus before what adds. */
export function written(amount, unit, { sign = false } = {}) {
  const signDisplay = sign ? "exceptZero" : "auto";
  const language = document.documentElement.lang || "en";
  if (!isMoney(unit)) {
    const many = new Intl.PluralRules(language).select(Math.abs(amount)) === "one" ? "one" : "other";
    return `${new Intl.NumberFormat(language, { signDisplay }).format(amount)} ${say(`unit.${unit}.${many}`)}`;
  }
  const places = placesOf(unit);
  const format = new Intl.NumberFormat(language, {
    style: "currency",
    currency: unit,
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    signDisplay,
  });
  return format.format(decimal(amount, unit)); // a text of digits, so that no float rounds it
}
