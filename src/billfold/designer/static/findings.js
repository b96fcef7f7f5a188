// What is wrong with a design or could be better, in words, beside the field that it concerns and as a list that leads there.
// May not enter: judging (the server does).

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { placeInWords } from "./changes.js";

const PLACES = [
  [/^(header|primary|secondary|auxiliary|back|additional)\b/, "texts"],
  [/^(organization_name|description|logo_text)\b/, "texts"],
  [/^(background_color|foreground_color|label_color|style|kind|transit_type)\b/, "look"],
  [/^(images|localized_images|stamps)\b/, "pictures"],
  [/^(barcode|rotating_barcode|barcode_fallbacks|nfc|smart_tap)\b/, "code"],
  [/^(locations|beacons|relevant|max_distance)\b/, "places"],
  [/^translations\b/, "languages"],
  [/^(expires|valid_from|sharing|voided|grouping)/, "rules"],
  [/^(schema|bindings|missing|values)\b/, "values"],
];

/** A path as the server says it → the design's own: `content.header[0].label` → `header[0].label`. */
export const ownPath = (path) => (path ?? "").replace(/^content\.?/, "");

export const panelOf = (path) => PLACES.find(([pattern]) => pattern.test(ownPath(path)))?.[1] ?? "texts";

/** Those about one place: `header[0]`, or anything inside of it. */
export const about = (findings, place) =>
  findings.filter(({ path }) => ownPath(path) === place || ownPath(path).startsWith(`${place}.`) || ownPath(path).startsWith(`${place}[`));

export function Notes({ findings }) {
  return findings.map(
    (one) => html`<p class="note small ${one.severity === "error" || !one.severity ? "bad" : "warn"}" key=${one.code + one.path + one.message}>
      <strong>${capital(one.message)}.</strong> ${one.mend && `${capital(one.mend)}.`} ${one.otherwise && html`<span>${say("otherwise", { what: one.otherwise })}</span>`}
    </p>`,
  );
}

export const capital = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

/** The list at the foot: errors first, each leads to its place. */
export function Findings({ findings, content, onGo }) {
  if (findings.length === 0) return html`<p class="note good small">${say("nothing_wrong")}</p>`;
  const rank = (one) => (one.severity === "error" || !one.severity ? 0 : 1);
  return html`<ul class="findings">
    ${[...findings].sort((a, b) => rank(a) - rank(b)).map(
      (one) => html`<li key=${one.code + one.path}>
        <button type="button" class="finding" onClick=${() => onGo(panelOf(one.path), ownPath(one.path))}>
          <span class="badge ${rank(one) ? "warn" : "bad"}">${say(rank(one) ? "advice" : "must")}</span>
          <span>${capital(one.message)}${one.path && html` <span class="quiet small">${placeInWords(ownPath(one.path), content)}</span>`}</span>
        </button>
      </li>`,
    )}
  </ul>`;
}
