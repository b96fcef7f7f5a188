// Which passes the lock screen offers here and now. Pure; place and time are given.
// It is the order of magnitude that Apple and Google name, not their rule, which nobody knows. May not enter: how it is drawn.
// Source: reference/apple-wallet.md section 2.6, reference/google-wallet.md section 1.11.

const SMALL_METERS = 100,
  LARGE_METERS = 1000,
  GOOGLE_METERS = 200;
const BEFORE_HOURS = 3,
  AFTER_HOURS = 3;
const NEEDS_DATE = ["boardingPass", "eventTicket"];

/** null, or {text}: what the lock screen says beside the pass. `place`: {latitude, longitude} or null. `pass`: of either phone. */
export function relevance(pass, place, now) {
  const { card } = pass.content ?? pass;
  const near = card.nearby.find((one) => place && distance(one, place) <= radius(card, pass));
  if (card.wallet === "google") return near ? { text: "" } : null;
  const dates = pass.content.dates;
  const timely = dates.some((one) => isTimely(one, now));
  const byDate = NEEDS_DATE.includes(card.style) || card.style === "generic";
  if (byDate && dates.length && card.nearby.length) return timely && near ? { text: near.text } : null;
  if (byDate && dates.length) return timely ? { text: "" } : null;
  return near ? { text: near.text } : null;
}

export function radius(card, pass) {
  if (card.wallet === "google") return GOOGLE_METERS;
  const standard = NEEDS_DATE.includes(card.style) ? LARGE_METERS : SMALL_METERS;
  return Math.min(pass.content.maxDistance ?? standard, standard);
}

function isTimely({ start, end }, now) {
  const begins = Date.parse(start) - BEFORE_HOURS * 3_600_000;
  const ends = end ? Date.parse(end) : Date.parse(start) + AFTER_HOURS * 3_600_000;
  return begins <= now.getTime() && now.getTime() <= ends;
}

/** Meters on the ground, good enough for a town. */
export function distance(one, other) {
  const north = (one.latitude - other.latitude) * 111_320;
  const east = (one.longitude - other.longitude) * metersPerLongitude(one.latitude);
  return Math.hypot(north, east);
}

export const metersPerLongitude = (latitude) => 111_320 * Math.cos((latitude * Math.PI) / 180);
