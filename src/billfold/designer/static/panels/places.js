// Where the pass shows itself: places, on a plan that is drawn here and asks nobody, how near is near, and beacons.
// May not enter: moments.

import { html, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { withContent } from "../design.js";
import { about } from "../findings.js";
import { NumberField, TextField } from "../widgets.js";
import { Beacons } from "./beacons.js";

const PLACES_MAX = 10;
const SOMEWHERE = { latitude: 52.520008, longitude: 13.404954 };

export function Places({ design, change, findings }) {
  const places = design.content.locations ?? [];
  const [trouble, setTrouble] = useState("");
  const set = (at, name) => (value) => change(withContent(design, { locations: places.map((one, place) => (place === at ? { ...one, [name]: value === "" ? undefined : value } : one)) }), `locations.${at}.${name}`);
  const add = (place) => change(withContent(design, { locations: [...places, place] }));
  const here = () => {
    setTrouble("");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => add({ latitude: round(coords.latitude), longitude: round(coords.longitude), relevant_text: say("place_text") }),
      () => setTrouble(say("place_refused")),
      { timeout: 15_000 },
    );
  };
  return html`<div class="stack">
    <p class="hint quiet small">${say("places_hint")}</p>
    <${Plan} places=${places} />
    <ol class="fields">${places.map(
      (place, at) => html`<li class="field-row inside stack" key=${at}>
        <div class="tiles">
          <${NumberField} label=${say("latitude")} value=${place.latitude} least=${-90} most=${90} step="any" findings=${about(findings, `locations[${at}].latitude`)} onInput=${set(at, "latitude")} />
          <${NumberField} label=${say("longitude")} value=${place.longitude} least=${-180} most=${180} step="any" findings=${about(findings, `locations[${at}].longitude`)} onInput=${set(at, "longitude")} />
        </div>
        <${TextField} label=${say("lock_text")} hint=${say("lock_text_hint")} value=${place.relevant_text} maxlength=${200} findings=${about(findings, `locations[${at}].relevant_text`)} onInput=${set(at, "relevant_text")} />
        <div class="row"><button type="button" class="button small" onClick=${() => change(withContent(design, { locations: places.filter((_, place) => place !== at) }))}>${say("remove_place")}</button></div>
      </li>`,
    )}</ol>
    <div class="row">
      <button type="button" class="button small" disabled=${places.length >= PLACES_MAX} onClick=${() => add({ ...(places.at(-1) ?? SOMEWHERE), relevant_text: say("place_text") })}>${say("add_place")}</button>
      <button type="button" class="button small" disabled=${places.length >= PLACES_MAX || !("geolocation" in navigator)} onClick=${here}>${say("where_i_am")}</button>
    </div>
    ${trouble && html`<p class="note bad small" role="alert">${trouble}</p>`}
    <${NumberField} label=${say("max_distance")} hint=${say("max_distance_hint")} value=${design.content.max_distance} least=${1} most=${100000} findings=${about(findings, "max_distance")} onInput=${(metres) => change(withContent(design, { max_distance: metres }), "max_distance")} />
    <${Beacons} design=${design} change=${change} findings=${findings} />
  </div>`;
}

const round = (degrees) => Math.round(degrees * 1e6) / 1e6;

/** How the places lie to each other: north is up, with a scale. */
function Plan({ places }) {
  const good = places.filter((one) => Number.isFinite(one.latitude) && Number.isFinite(one.longitude));
  if (good.length === 0) return null;
  const middle = good.reduce((sum, one) => sum + one.latitude, 0) / good.length;
  const metres = good.map((one) => ({ x: one.longitude * 111_320 * Math.cos((middle * Math.PI) / 180), y: -one.latitude * 110_574 }));
  const [left, right, top, bottom] = [Math.min(...metres.map((m) => m.x)), Math.max(...metres.map((m) => m.x)), Math.min(...metres.map((m) => m.y)), Math.max(...metres.map((m) => m.y))];
  const span = Math.max(right - left, bottom - top, 400) * 1.3;
  const at = (m) => [150 + ((m.x - (left + right) / 2) / span) * 260, 80 + ((m.y - (top + bottom) / 2) / span) * 140];
  const bar = 10 ** Math.floor(Math.log10(span / 3));
  return html`<svg class="plan" viewBox="0 0 300 160" role="img" aria-label=${say("places_plan", { count: good.length })}>
    <g class="grid">${[...Array(9)].map((_, line) => html`<path d="M${line * 37.5} 0V160" />`)}${[...Array(5)].map((_, line) => html`<path d="M0 ${line * 40}H300" />`)}</g>
    ${metres.map((m, number) => {
      const [x, y] = at(m);
      return html`<g transform="translate(${x} ${y})"><path class="pin" d="M0 0C-7-8-9-12-9-16a9 9 0 1 1 18 0c0 4-2 8-9 16z" /><text y="-12" text-anchor="middle">${number + 1}</text></g>`;
    })}
    <path class="scale" d="M12 148h${(bar / span) * 260}" /><text x="12" y="142">${bar >= 1000 ? `${bar / 1000} km` : `${bar} m`}</text>
  </svg>`;
}
