// Bluetooth beacons near which an iPhone shows the pass: a list, each with its numbers and its words.
// May not enter: places on a map.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { withContent } from "../design.js";
import { about } from "../findings.js";
import { NumberField, TextField } from "../widgets.js";

const BEACONS_MAX = 100; // as the API takes them: of ten ids, most of one
const NUMBER_MAX = 65535;
const UUID_LENGTH = 36;

export function Beacons({ design, change, findings }) {
  const beacons = design.content.beacons ?? [];
  const put = (next, at) => change(withContent(design, { beacons: next }), at);
  const set = (at, name) => (value) => put(beacons.map((one, place) => (place === at ? { ...one, [name]: value === "" ? undefined : value } : one)), `beacons.${at}.${name}`);
  const spell = (at) => (text) => set(at, "uuid")(text.trim().toLowerCase());
  const its = (at, name) => about(findings, `beacons[${at}].${name}`);
  return html`<fieldset class="field stack">
    <legend>${say("beacons")}</legend>
    <p class="hint quiet small">${say("beacons_hint")}</p>
    <ol class="fields">${beacons.map(
      (one, at) => html`<li class="field-row inside stack" key=${at}>
        <${TextField} label=${say("beacon_uuid")} hint=${say("beacon_uuid_hint")} value=${one.uuid} maxlength=${UUID_LENGTH} findings=${its(at, "uuid")} onInput=${spell(at)} />
        <div class="tiles">
          <${NumberField} label=${say("beacon_major")} value=${one.major} least=${0} most=${NUMBER_MAX} findings=${its(at, "major")} onInput=${set(at, "major")} />
          <${NumberField} label=${say("beacon_minor")} value=${one.minor} least=${0} most=${NUMBER_MAX} findings=${its(at, "minor")} onInput=${set(at, "minor")} />
        </div>
        <${TextField} label=${say("lock_text")} value=${one.relevant_text} maxlength=${200} findings=${its(at, "relevant_text")} onInput=${set(at, "relevant_text")} />
        <div class="row"><button type="button" class="button small" onClick=${() => put(beacons.filter((_, place) => place !== at))}>${say("remove_beacon")}</button></div>
      </li>`,
    )}</ol>
    <div class="row">
      <button type="button" class="button small" disabled=${beacons.length >= BEACONS_MAX} onClick=${() => put([...beacons, { uuid: beacons.at(-1)?.uuid ?? newId(), relevant_text: say("place_text") }])}>${say("add_beacon")}</button>
    </div>
  </fieldset>`;
}

/** For senders that take one; browsers make none on plain http, and then it is typed. */
const newId = () => crypto.randomUUID?.() ?? "";
