// All designs, and starters to begin a new one with. May not enter: editing.

import { ask } from "billfold/ask.js";
import { html, render, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { API, HOME } from "./api.js";

const language = document.documentElement.lang || "en";
const inWords = (texts) => texts[language] ?? texts.en;

/** A picture that is asked for when it comes into sight. */
function Card({ source, title, text, children }) {
  const root = useRef(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const seen = new IntersectionObserver((all) => all.some((one) => one.isIntersecting) && setNear(true), { rootMargin: "200px" });
    seen.observe(root.current);
    return () => seen.disconnect();
  }, []);
  return html`<article class="panel card" ref=${root}>
    <div class="thumb">${near && html`<img src=${source} alt="" loading="lazy" />`}</div>
    <div class="stack tight"><h2>${title}</h2>${text && html`<p class="quiet small">${text}</p>`}</div>
    ${children}
  </article>`;
}

function Designs() {
  const [list, setList] = useState(null);
  const [cursor, setCursor] = useState(null);
  const [trouble, setTrouble] = useState("");
  const load = async (from) => {
    const page = await ask("GET", `${API}/templates?limit=24${from ? `&cursor=${encodeURIComponent(from)}` : ""}`);
    setList((known) => [...(known ?? []), ...page.items]);
    setCursor(page.next_cursor);
  };
  useEffect(() => {
    load().catch((error) => setTrouble(error.message));
  }, []);
  if (trouble) return html`<p class="note bad" role="alert">${trouble}</p>`;
  if (list === null) return html`<p>${say("looking")}</p>`;
  if (list.length === 0) return html`<div class="empty"><h2>${say("no_designs")}</h2><p>${say("no_designs_text")}</p><a class="button primary" href="${HOME}/designs/new">${say("new_design")}</a></div>`;
  return html`<div class="cards">${list.map(
    (one) => html`<${Card} key=${one.id} source="${API}/templates/${one.id}/preview.svg?draft=true" title=${html`<a href="${HOME}/designs/${one.id}">${one.name}</a>`} text=${one.revision ? say("revision_short", { number: one.revision }) : say("draft")} />`,
  )}</div>${cursor && html`<p class="row"><button type="button" class="button" onClick=${() => load(cursor)}>${say("more")}</button></p>`}`;
}

function Starters() {
  const [list, setList] = useState(null);
  const [busy, setBusy] = useState("");
  useEffect(() => {
    ask("GET", `${API}/starters`).then((given) => setList(given.items), (error) => toast(error.message, "bad"));
  }, []);
  const make = async (name, body) => {
    setBusy(name);
    try {
      const made = await ask("POST", `${API}/templates`, { ...body, publish: false });
      location.assign(`${HOME}/designs/${made.id}`);
    } catch (error) {
      setBusy("");
      toast(error.message, "bad");
    }
  };
  const empty = { name: say("untitled"), content: { description: say("untitled"), style: "store_card", logo_text: say("untitled"), background_color: "#1e3a8a", foreground_color: "#ffffff", label_color: "#c7d7ff", barcode: { format: "QR", message: "{{ number }}" } }, schema: [{ name: "number", type: "text", required: true, label: say("number"), example: "0001-98765" }] };
  return html`<div class="cards">
    ${(list ?? []).map((one) => html`<${Card} key=${one.name} source="${API}/starters/${one.name}/preview.svg?language=${language}" title=${inWords(one.title)} text=${inWords(one.about)}>
      <button type="button" class="button" disabled=${busy !== ""} onClick=${() => make(one.name, { starter: one.name, name: inWords(one.title) })}>${busy === one.name ? say("making") : say("begin_with")}<span class="unseen"> ${inWords(one.title)}</span></button>
    <//>`)}
    <article class="panel card"><div class="stack tight"><h2>${say("empty_design")}</h2><p class="quiet small">${say("empty_design_text")}</p></div>
      <button type="button" class="button" disabled=${busy !== ""} onClick=${() => make("empty", empty)}>${say("begin_empty")}</button></article>
  </div>`;
}

const root = document.getElementById("designs");
render(html`<${root.dataset.page === "new" ? Starters : Designs} />`, root);
