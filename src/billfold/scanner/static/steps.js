// Which things can be done with a card, as the screen offers them: [{action, unit, typed}]. `typed`: an amount is asked for.
// May not enter: whether the server will agree, HTML.

import { isMoney } from "./amounts.js";

const UNPRICED = new Set(["stamp", "earn"]);

const units = (card, programmes) => {
  if (card) return new Set(card.balances.map((one) => one.unit));
  const found = programmes.flatMap((one) => [one.currency, one.points && "points", one.stamps_goal && "stamps"]);
  return new Set(found.filter(Boolean));
};

/** Of a card that the server showed; without one, of every card that these programmes have. */
export function stepsFor(card, programmes = []) {
  const has = units(card, programmes);
  const money = [...has].filter(isMoney);
  const kinds = card ? [card.kind] : programmes.map((one) => one.kind);
  const goal = card?.stamps_goal;
  const stamps = card?.balances.find((one) => one.unit === "stamps")?.minor ?? 0;
  const steps = [];
  if (kinds.includes("coupon")) steps.push({ action: "redeem" });
  if (goal && stamps >= goal) steps.push({ action: "redeem" });
  if (has.has("entries") || card?.category === "subscription" || (!card && kinds.includes("coupon"))) steps.push({ action: "check_in" });
  if (has.has("stamps") || goal) steps.push({ action: "stamp", unit: "stamps" });
  for (const unit of money) steps.push({ action: "charge", unit, typed: true });
  if (has.has("points")) steps.push({ action: "earn", unit: "points", typed: true }, { action: "charge", unit: "points", typed: true });
  for (const unit of money) steps.push({ action: "top_up", unit, typed: true });
  return steps;
}

/** Products that can be sold in `unit` on the card, that of the terminal first. */
export function tilesFor(unit, { products = [], terminal, card }) {
  const price = (one) => (unit === "points" ? one.price_points : one.currency === unit ? one.price_minor : null);
  const allowed = card?.allowed_products ?? [];
  const found = products.filter((one) => price(one) && (!allowed.length || allowed.includes(one.name)));
  return ordered(found, terminal).map((one) => ({ ...one, price: price(one) }));
}

/** Of a card that takes certain products only: those, where a step is for one and no price tells which. The terminal's own first. */
export function choicesFor({ action }, { products = [], terminal, card }) {
  if (!UNPRICED.has(action)) return [];
  return ordered(products.filter((one) => card?.allowed_products?.includes(one.name)), terminal);
}

/** Of choices, the one that goes without saying; null where somebody must choose. */
export const obvious = (choices) => (choices.length === 1 || choices[0]?.own ? choices[0] : null);

function ordered(products, terminal) {
  const marked = products.map((one) => ({ ...one, own: one.id === terminal?.product?.id }));
  return marked.sort((a, b) => Number(b.own) - Number(a.own) || a.number - b.number);
}
