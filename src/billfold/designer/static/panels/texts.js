// Texts and fields: what stands where, in which order. Fields are dragged, or moved with the keyboard's buttons, within an area and to
// others. May not enter: colours, pictures.

import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { AREAS, addField, changeField, freshKey, moveField, onGooglesCard, removeField, shownAtMost, withContent } from "../design.js";
import { dragging } from "../dragging.js";
import { Notes, about } from "../findings.js";
import { Choice, TextField } from "../widgets.js";

const ROLES = ["", "points", "balance", "member_name", "member_id", "tier", "card_number", "program_name", "offer_title", "details"];
const FORMATS = { "": null, decimal: { type: "number" }, percent: { type: "number", style: "percent" }, date: { type: "date" }, time: { type: "date", date: "medium", time: "short" } };
const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "JPY"];

const formatName = (format) => (!format ? "" : format.type === "money" ? `money:${format.currency}` : format.type === "number" ? format.style ?? "decimal" : format.time && format.time !== "none" ? "time" : "date");
const formatOf = (name) => (name.startsWith("money:") ? { type: "money", currency: name.slice(6) } : FORMATS[name] ?? undefined);

export function Texts({ design, change, findings, focus }) {
  const { content } = design;
  const set = (name) => (value) => change(withContent(design, { [name]: value }), name);
  return html`<div class="stack">
    <${TextField} name="design-name" label=${say("design_name")} hint=${say("design_name_hint")} value=${design.name} maxlength=${100} onInput=${(name) => change({ ...design, name }, "name")} />
    <${TextField} name="logo_text" label=${say("logo_text")} hint=${say("logo_text_hint")} value=${content.logo_text} maxlength=${200} findings=${about(findings, "logo_text")} onInput=${set("logo_text")} />
    <${TextField} name="organization_name" label=${say("organization")} hint=${say("organization_hint")} value=${content.organization_name} maxlength=${64} findings=${about(findings, "organization_name")} onInput=${set("organization_name")} />
    <${TextField} name="description" label=${say("description")} hint=${say("description_hint")} value=${content.description} findings=${about(findings, "description")} onInput=${set("description")} />
    ${AREAS.map((area) => html`<${Area} key=${area} area=${area} design=${design} change=${change} findings=${findings} focus=${focus} />`)}
  </div>`;
}

function Area({ area, design, change, findings, focus }) {
  const list = design.content[area] ?? [];
  const most = shownAtMost(design.content, area);
  const onCard = onGooglesCard(design.content)?.[area];
  const add = () => {
    const key = freshKey(design.content, area === "back" ? "detail" : area);
    change(addField(design, area, { key, label: say("new_label"), value: "" }));
  };
  return html`<section class="area" aria-labelledby="area-${area}">
    <header class="row apart">
      <h3 id="area-${area}">${say(`area_${area}`)}</h3>
      ${
        most !== Infinity &&
        html`<div class="row">
          <span class="badge ${list.length > most ? "warn" : ""}" title=${say("apple_shows_hint", { most })}>${say("apple_shows", { count: list.length, most })}</span>
          ${list.length > 0 && onCard !== undefined && html`<span class="badge ${list.length > onCard ? "warn" : ""}" title=${say("google_shows_hint")}>${say("google_shows", { shown: onCard, count: list.length })}</span>`}
        </div>`
      }
    </header>
    <p class="hint quiet small">${say(`area_${area}_hint`)}</p>
    <${Notes} findings=${findings.filter((one) => one.path?.replace(/^content\./, "") === area)} />
    <ol class="fields" data-area=${area}>
      ${list.map((field, at) => html`<${FieldRow} key=${field.key ?? at} area=${area} at=${at} field=${field} count=${list.length} design=${design} change=${change}
        findings=${about(findings, `${area}[${at}]`)} open=${focus?.startsWith(`${area}[${at}]`)} />`)}
    </ol>
    <button type="button" class="button small" onClick=${add}>${say("add_field", { area: say(`area_${area}`) })}</button>
  </section>`;
}

function FieldRow({ area, at, field, count, design, change, findings, open }) {
  const [shown, setShown] = useState(Boolean(open));
  const root = useRef(null);
  useEffect(() => {
    if (!open) return;
    setShown(true);
    root.current?.scrollIntoView({ block: "center" });
    root.current?.querySelector("button.summary")?.focus();
  }, [open]);
  const mark = `${area}.${field.key}`;
  const set = (name) => (value) => change(changeField(design, area, at, { [name]: value }), `${mark}.${name}`);
  const errors = findings.some((one) => one.severity === "error" || !one.severity);
  return html`<li class="field-row" ref=${root}>
    <div class="row line" onPointerDown=${dragging(area, at, (toArea, to) => change(moveField(design, area, at, toArea, to)))}>
      <span class="grip" title=${say("grip")} aria-hidden="true">⠿</span>
      <button type="button" class="summary" aria-expanded=${String(shown)} onClick=${() => setShown(!shown)}>
        <span class="quiet small">${field.label || say("no_label")}</span><span class="value">${field.value || "–"}</span>
      </button>
      ${findings.length > 0 && html`<span class="badge ${errors ? "bad" : "warn"}" title=${say("has_notes")}>${findings.length}<span class="unseen"> ${say("has_notes")}</span></span>`}
      <button type="button" class="button bare small" aria-label=${say("up", { field: field.label || field.key })} disabled=${at === 0} onClick=${() => change(moveField(design, area, at, area, at - 1))}>↑</button>
      <button type="button" class="button bare small" aria-label=${say("down", { field: field.label || field.key })} disabled=${at === count - 1} onClick=${() => change(moveField(design, area, at, area, at + 1))}>↓</button>
    </div>
    ${shown &&
    html`<div class="stack inside">
      <${TextField} label=${say("label")} value=${field.label} maxlength=${200} findings=${findings.filter((one) => one.path.endsWith(".label"))} onInput=${set("label")} />
      <${TextField} label=${say("value")} hint=${say("value_hint")} value=${field.value} rows=${area === "back" ? 4 : 1} findings=${findings.filter((one) => one.path.endsWith(".value"))} onInput=${set("value")}>
        <${ValuePicker} schema=${design.schema} onPick=${(name) => set("value")(`${field.value ?? ""}{{ ${name} }}`)} />
      <//>
      <${TextField} label=${say("change_message")} hint=${say("change_message_hint")} value=${field.change_message} maxlength=${400} placeholder=${say("change_message_example")}
        findings=${findings.filter((one) => one.path.endsWith(".change_message"))} onInput=${set("change_message")} />
      <div class="tiles">
        <${Choice} label=${say("format")} value=${formatName(field.format)} findings=${findings.filter((one) => one.path.includes(".format"))} options=${[
          ["", say("format_text")], ["decimal", say("format_number")], ["percent", say("format_percent")], ...CURRENCIES.map((one) => [`money:${one}`, say("format_money", { currency: one })]), ["date", say("format_date")], ["time", say("format_time")],
          ...(formatName(field.format).startsWith("money:") && !CURRENCIES.includes(field.format.currency) ? [[formatName(field.format), field.format.currency]] : []),
        ]} onChange=${(name) => set("format")(formatOf(name))} />
        <${Choice} label=${say("role")} hint=${say("role_hint")} value=${field.role} options=${ROLES.map((one) => [one, one ? say(`role_${one}`) : say("role_none")])} onChange=${set("role")} />
        ${area !== "back" && html`<${Choice} label=${say("alignment")} value=${field.alignment} options=${["", "left", "center", "right"].map((one) => [one, say(`align_${one || "natural"}`)])} onChange=${set("alignment")} />`}
        <${Choice} label=${say("move_to")} value=${area} options=${AREAS.map((one) => [one, say(`area_${one}`)])} onChange=${(to) => change(moveField(design, area, at, to, Infinity))} />
      </div>
      <${Notes} findings=${findings.filter((one) => /\]$|\]\.(key|alignment|row|rich_text|detectors|semantics)/.test(one.path))} />
      <div class="row"><button type="button" class="button small danger" onClick=${() => change(removeField(design, area, at))}>${say("remove_field")}</button></div>
    </div>`}
  </li>`;
}

/** Puts `{{ member.points }}` into a text. */
export function ValuePicker({ schema, onPick }) {
  if (schema.length === 0) return null;
  return html`<select class="button small picker" aria-label=${say("insert_value")} value="" onChange=${(event) => {
    if (event.target.value) onPick(event.target.value);
    event.target.value = "";
  }}>
    <option value="">${say("insert_value")}</option>
    ${schema.map((rule) => html`<option value=${rule.name}>${rule.label || rule.name}</option>`)}
  </select>`;
}
