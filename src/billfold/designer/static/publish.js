// Before a design goes out: what changes, who will be told, what their phones will say. And the way back to what was out before.
// May not enter: editing.

import { ask } from "billfold/ask.js";
import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { API } from "./api.js";
import { allInWords, inWords, speaking } from "./changes.js";
import { opened, saved } from "./design.js";
import { Findings, capital } from "./findings.js";
import { Picture } from "./preview.js";

/** A dialog that is open for as long as it is there. */
export function Dialog({ title, onClose, wide, children }) {
  const root = useRef(null);
  useEffect(() => {
    root.current.showModal();
  }, []);
  return html`<dialog ref=${root} class=${wide ? "wide-dialog" : ""} aria-labelledby="dialog-title" onClose=${onClose} onClick=${(event) => event.target === root.current && root.current.close()}>
    <div class="stack"><header class="row apart"><h2 id="dialog-title">${title}</h2><button type="button" class="button bare small" onClick=${() => root.current.close()}>${say("close")}</button></header>${children}</div>
  </dialog>`;
}

export function Publish({ templateId, version, design, values, onClose, onPublished }) {
  const [plan, setPlan] = useState(null);
  const [trouble, setTrouble] = useState(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(crypto.randomUUID());
  useEffect(() => {
    ask("POST", `${API}/templates/${templateId}/publish?dry_run=true`, undefined, { "If-Match": `"${version}"` }).then(setPlan, setTrouble);
  }, []);
  const publish = async () => {
    setBusy(true);
    try {
      onPublished(await ask("POST", `${API}/templates/${templateId}/publish`, undefined, { "If-Match": `"${version}"`, "Idempotency-Key": key.current }));
    } catch (error) {
      setTrouble(error);
      setBusy(false);
    }
  };
  const reach = plan?.reach;
  const said = plan ? speaking(design.content, plan.changes) : [];
  const words = plan ? allInWords(plan.changes, design.content) : [];
  return html`<${Dialog} title=${say("publish_title")} wide onClose=${onClose}>
    ${trouble && html`<p class="note bad" role="alert">${trouble.problem?.errors?.length ? say("publish_refused") : trouble.message}</p>`}
    ${trouble?.problem?.errors && html`<${Findings} findings=${trouble.problem.errors} content=${design.content} onGo=${onClose} />`}
    ${!plan && !trouble && html`<p>${say("looking")}</p>`}
    ${plan &&
    html`<p>${reach.passes === 0 ? say("first_publication") : say("reach", { passes: number(reach.passes, reach.more), devices: reach.devices, holders: reach.google_holders })}</p>
      ${plan.unchanged && html`<p class="note">${say("nothing_changed")}</p>`}
      ${plan.changes.length > 0 && plan.revision > 0 && html`<details open=${words.length < 12}><summary>${say("changes", { count: words.length })}</summary><ul class="changes">${words.map((one) => html`<li key=${one}>${one}</li>`)}</ul></details>`}
      ${reach.passes > 0 && html`<p class="quiet small">${say(said.length ? "lock_says" : "lock_silent", { fields: said.map((field) => field.label || field.key).join(", ") })}</p>`}
      ${reach.passes > 0 && said.length > 0 && html`<div class="phones">${["apple", "google"].map((wallet) => html`<${Picture} content=${saved(design).content} values=${values} wallet=${wallet} side="lock" scheme="light" changed=${said[0].key} label=${say(wallet)} />`)}</div>`}
      ${plan.findings.length > 0 && html`<details><summary>${say("advice_count", { count: plan.findings.length })}</summary><ul class="changes">${plan.findings.map((one) => html`<li>${capital(one.message)}</li>`)}</ul></details>`}
      <footer><button type="button" class="button" onClick=${onClose}>${say("not_yet")}</button><button type="button" class="button primary" disabled=${busy || plan.unchanged} onClick=${publish}>${busy ? say("publishing") : say("publish")}</button></footer>`}
  <//>`;
}

const number = (count, more) => (more ? say("more_than", { count }) : String(count));

export function Revisions({ templateId, design, values, writes, onClose, onRestored }) {
  const [list, setList] = useState(null);
  const [shown, setShown] = useState(null);
  const [trouble, setTrouble] = useState("");
  const [older, setOlder] = useState(null);
  const load = async (before) => {
    const page = await ask("GET", `${API}/templates/${templateId}/revisions?limit=20${before ? `&before=${before}` : ""}`);
    setList((known) => [...(known ?? []), ...page.items]);
    setOlder(page.next_before);
  };
  useEffect(() => {
    load().catch((error) => setTrouble(error.message));
  }, []);
  const show = (revision) => ask("GET", `${API}/templates/${templateId}/revisions/${revision}`).then((one) => setShown(one), (error) => setTrouble(error.message));
  const restore = async () => {
    try {
      onRestored(await ask("POST", `${API}/templates/${templateId}/revisions/${shown.revision}/restore`, undefined, { "Idempotency-Key": crypto.randomUUID() }));
    } catch (error) {
      setTrouble(error.message);
    }
  };
  const then = shown && opened(shown);
  return html`<${Dialog} title=${say("revisions")} wide onClose=${onClose}>
    ${trouble && html`<p class="note bad" role="alert">${trouble}</p>`}
    ${list?.length === 0 && html`<p>${say("no_revisions")}</p>`}
    <div class="compare">
      <ol class="revisions">${(list ?? []).map((one) => html`<li key=${one.revision}><button type="button" class="button small wide" aria-pressed=${String(shown?.revision === one.revision)} onClick=${() => show(one.revision)}>${say("revision", { number: one.revision, date: new Date(one.published_at).toLocaleString() })}${one.restored_from ? ` ${say("restored_from", { number: one.restored_from })}` : ""}</button></li>`)}
        ${older && html`<li><button type="button" class="button small bare" onClick=${() => load(older)}>${say("older")}</button></li>`}</ol>
      ${then &&
      html`<div class="stack">
        <div class="phones"><${Picture} content=${saved(then).content} values=${values} wallet="apple" side="front" scheme="light" label=${say("revision_then", { number: shown.revision })} />
          <${Picture} content=${saved(design).content} values=${values} wallet="apple" side="front" scheme="light" label=${say("now_edited")} /></div>
        <ul class="changes">${differences(saved(then), saved(design)).map(([path, before, after]) => html`<li key=${path}>${inWords(path, design.content)} <del>${before}</del> <ins>${after}</ins></li>`)}</ul>
        ${writes && html`<footer><button type="button" class="button primary" onClick=${restore}>${say("restore")}</button></footer>`}
      </div>`}
    </div>
  <//>`;
}

/** Paths of two designs that differ, with both values in short. Fields are told apart by their keys. */
export function differences(before, after) {
  const [first, second] = [flat(before), flat(after)];
  const paths = [...new Set([...Object.keys(first), ...Object.keys(second)])].filter((path) => first[path] !== second[path]).sort();
  return paths.slice(0, 100).map((path) => [path, short(first[path]), short(second[path])]);
}

function flat(value, path = "", into = {}) {
  if (Array.isArray(value)) value.forEach((one, at) => flat(one, `${path}[${one?.key ?? one?.name ?? at}]`, into));
  else if (value && typeof value === "object") for (const [name, one] of Object.entries(value)) flat(one, path ? `${path}.${name}` : name, into);
  else if (value !== undefined && value !== null && value !== "") into[path] = String(value);
  return into;
}

const short = (text) => (text === undefined ? "–" : text.length > 80 ? `${text.slice(0, 77)}…` : text);
