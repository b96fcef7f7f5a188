// Values as a phone writes them in its language: dates, times, money, numbers. The browser's own tables (CLDR) know how.
// May not enter: pass.json's structure. Source: reference/apple-wallet.md section 2.5.

const STYLES = { Short: "short", Medium: "medium", Long: "long", Full: "full" };

/** `style`: the end of PKNumberStyle..., or "" for the digits as they stand. */
export function formatNumber(value, style, language) {
  if (style === "Decimal") return new Intl.NumberFormat(language, { maximumFractionDigits: 6 }).format(value);
  if (style === "Percent") return new Intl.NumberFormat(language, { style: "percent" }).format(value);
  if (style === "Scientific") return new Intl.NumberFormat(language, { notation: "scientific" }).format(value);
  return String(value);
}

export const formatMoney = (value, currency, language) =>
  new Intl.NumberFormat(language, { style: "currency", currency }).format(value);

/** `date`, `time`: the ends of PKDateStyle..., or "". `relativeTo`: a Date where words like "tomorrow" are wanted, else null. */
export function formatDate(text, { date, time, language, ownZone, relativeTo }) {
  const timeZone = ownZone ? zoneOf(text) : undefined;
  const moment = new Date(text);
  const parts = [];
  if (STYLES[date]) {
    parts.push(
      (relativeTo && relativeDay(moment, relativeTo, language)) ??
        new Intl.DateTimeFormat(language, { dateStyle: STYLES[date], timeZone }).format(moment),
    );
  }
  if (STYLES[time]) parts.push(new Intl.DateTimeFormat(language, { timeStyle: STYLES[time], timeZone }).format(moment));
  return parts.join(", ");
}

/** `+02:00` is a time zone that the browser takes by that name. */
function zoneOf(text) {
  const said = /([+-]\d\d:\d\d)$/.exec(text);
  return said ? said[1] : "UTC";
}

function relativeDay(moment, now, language) {
  const midnight = (one) => new Date(one.getFullYear(), one.getMonth(), one.getDate()).getTime();
  const days = Math.round((midnight(moment) - midnight(now)) / 86_400_000);
  return Math.abs(days) <= 1 ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(days, "day") : null;
}
