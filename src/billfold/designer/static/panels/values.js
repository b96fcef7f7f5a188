// What each pass brings of its own, and people to try the design with. May not enter: making passes.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { examples, valueAt, withValue } from "../design.js";
import { Notes, about } from "../findings.js";
import { Choice, Switch, TextField } from "../widgets.js";

const TYPES = ["text", "integer", "number", "boolean", "date", "color"];
const PEOPLE = [
  { label: "example", texts: null },
  { label: "short", texts: ["Li", "A1"] },
  { label: "long", texts: ["Maximiliane Wilhelmina von Hohenstaufen-Ebersberg", "MEMBER-0000-0000-0000-98765"] },
];

/** A person's values: the examples, or texts as short or as long as they come. */
export function person(design, number) {
  const base = examples(design.schema);
  const texts = PEOPLE[number]?.texts;
  if (!texts) return base;
  let place = 0;
  return design.schema.reduce((values, rule) => {
    if (rule.type === "text" && !rule.name.includes("color")) return withValue(values, rule.name, texts[place++ % texts.length].slice(0, rule.max_length ?? 200));
    return values;
  }, base);
}

export const read = (type, text) => {
  if (type === "integer" || type === "number") return text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text);
  if (type === "boolean") return text === "true";
  return text;
};

export function Values({ design, change, findings, who, setWho, values, setValues }) {
  const set = (at, name) => (value) => change({ ...design, schema: design.schema.map((rule, place) => (place === at ? { ...rule, [name]: value } : rule)) }, `schema.${at}.${name}`);
  const add = () => {
    const taken = new Set(design.schema.map((rule) => rule.name));
    let name = "value";
    for (let number = 2; taken.has(name); number++) name = `value_${number}`;
    change({ ...design, schema: [...design.schema, { name, type: "text", required: false, label: "", example: "", default: null, max_length: null }] });
  };
  return html`<div class="stack">
    <section class="area"><header><h3>${say("people")}</h3></header>
      <p class="hint quiet small">${say("people_hint")}</p>
      <div class="row" role="group" aria-label=${say("people")}>${PEOPLE.map((one, number) => html`<button type="button" class="button small" aria-pressed=${String(number === who)} onClick=${() => setWho(number)}>${say(`person_${one.label}`)}</button>`)}</div>
      ${design.schema.map((rule) => html`<${TextField} key=${rule.name} label=${rule.label || rule.name} value=${shown(valueAt(values, rule.name))} onInput=${(text) => setValues(withValue(values, rule.name, read(rule.type, text)))} />`)}
    </section>
    <section class="area"><header><h3>${say("schema")}</h3></header>
      <p class="hint quiet small">${say("schema_hint")}</p>
      <${Notes} findings=${elsewhere(findings)} />
      <ol class="fields">${design.schema.map(
        (rule, at) => html`<li class="field-row inside stack" key=${at}>
          <div class="tiles">
            <${TextField} label=${say("value_name")} value=${rule.name} maxlength=${64} findings=${about(findings, `schema[${at}].name`)} onInput=${set(at, "name")} />
            <${TextField} label=${say("value_label")} value=${rule.label} maxlength=${100} onInput=${set(at, "label")} />
            <${Choice} label=${say("value_type")} value=${rule.type} options=${[...new Set([...TYPES, rule.type])].map((one) => [one, TYPES.includes(one) ? say(`type_${one}`) : one])} onChange=${(type) => change({ ...design, schema: design.schema.map((one, place) => (place === at ? { ...one, type, example: null, default: null } : one)) })} />
            <${TextField} label=${say("value_example")} value=${shown(rule.example)} findings=${about(findings, `schema[${at}].example`)} onInput=${(text) => set(at, "example")(read(rule.type, text))} />
          </div>
          <div class="row apart"><${Switch} label=${say("value_required")} checked=${rule.required} onChange=${set(at, "required")} />
          <button type="button" class="button small" onClick=${() => change({ ...design, schema: design.schema.filter((_, place) => place !== at) })}>${say("remove_value")}</button></div>
        </li>`,
      )}</ol>
      <button type="button" class="button small" onClick=${add}>${say("add_value")}</button>
    </section>
  </div>`;
}

const elsewhere = (findings) => [...about(findings, "values"), ...about(findings, "schema").filter((one) => !/schema\[\d+\]\.(name|example)/.test(one.path))];
const shown = (value) => (value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
