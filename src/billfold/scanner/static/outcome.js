// What became of a scan, in words: {tone: "yes" | "no" | "look", title, text, balances: [text], operation, lacks: [names of products,
// one of which was to be named]}. The tone is never told by
// colour alone. May not enter: how it is shown, what is done next.

import { say } from "billfold/texts.js";

import { isMoney, written } from "./amounts.js";

/** Our words for a short name of the server's; `otherwise` where it has one that we do not know. */
export function worded(key, otherwise) {
  try {
    return say(key);
  } catch {
    return otherwise;
  }
}

/** Why not, in words: ours where we have them, else the server's own. `problem`: of a refusal; `detail`: of an item of a batch. */
export function reasonOf(code, { problem, detail } = {}) {
  const name = problem?.reason ?? problem?.errors?.[0]?.code ?? code;
  const allowed = problem?.allowed_products?.length ? ` ${say("outcome.allowed", { names: problem.allowed_products.join(", ") })}` : "";
  return worded(`reason.${name}`, problem?.detail || detail?.problem || say("reason.other")) + allowed;
}

/** What an action was, with its amount: "Charge €5.50", "Stamp +1". */
export function titleOf({ action, amounts = {} }) {
  const name = action === "charge" && "points" in amounts ? say("action.spend") : say(`action.${action}`);
  if (action === "stamp") return `${name} +${amounts.stamps}`;
  return [name, Object.entries(amounts).map(([unit, minor]) => written(minor, unit)).join(", ")].filter(Boolean).join(" ");
}

/** Refused by the server, or here without it. */
export const refusedOutcome = (code, error) => ({
  tone: "no",
  title: say("outcome.declined"),
  text: reasonOf(code, error),
  balances: [],
});

export const balancesOf = (card) => (card?.balances ?? []).map((one) => written(one.minor, one.unit));

/** Of a stored operation, whatever state it is in. */
export function outcomeOf(operation) {
  const { answer, undo } = operation;
  const made = (tone, title, text, card) => ({ tone, title, text, balances: balancesOf(card), operation });
  if (undo?.state === "done") return made("yes", say("outcome.undone"), titleOf(operation), undo.scan?.card);
  if (undo?.state === "refused") return made("no", say("outcome.not_undone"), worded(`reason.${undo.code}`, undo.detail || say("reason.other")));
  if (undo?.state === "waiting") return made("look", say("outcome.undo_waits"), titleOf(operation));
  if (operation.state === "waiting") {
    if (operation.offline) return made("yes", say("outcome.kept"), `${titleOf(operation)}. ${say("outcome.kept_text")}`);
    return made("look", say("outcome.unconfirmed"), say("outcome.unconfirmed_text"));
  }
  const reason = () => reasonOf(answer.code, answer);
  if (answer.result === "quarantined") return made("look", say("outcome.quarantined"), reason());
  if (answer.result === "flagged") return made("look", say("outcome.flagged"), reason(), answer.scan?.card);
  if (!["applied", "replayed"].includes(answer.result)) {
    const lacks = answer.code === "cannot_validate_restriction" ? answer.problem?.allowed_products : null;
    return { ...made("no", say("outcome.declined"), reason()), lacks: lacks ?? [] };
  }
  const title = say(answer.scan?.reward && operation.action === "stamp" ? "outcome.reward" : `done.${operation.action}`);
  return made("yes", title, changesOf(answer.scan) || answer.scan?.card?.title || titleOf(operation), answer.scan?.card);
}

/** "€4.55 and 21 % VAT of €0.95"; "" where no tax is known, or nothing but its rate. */
export function taxOf(scan) {
  const unit = scan?.changes?.find((one) => isMoney(one.unit))?.unit;
  if (!unit || !scan.vat?.gross_minor) return "";
  const { rate_bp, net_minor, vat_minor } = scan.vat;
  return say("outcome.vat", { net: written(net_minor, unit), rate: rate_bp / 100, vat: written(vat_minor, unit) });
}

/** "-€5.00, +5 points". */
export const changesOf = (scan) =>
  (scan?.changes ?? [])
    .filter((one) => one.minor)
    .map((one) => written(one.minor, one.unit, { sign: true }))
    .join(", ");
