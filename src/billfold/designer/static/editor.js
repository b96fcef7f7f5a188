// The Designer: one design, edited in panels, seen on both phones, saved by itself. May not enter: what a panel does.

import { ask } from "billfold/ask.js";
import { html, render, useCallback, useEffect, useMemo, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { API, HOME } from "./api.js";
import { opened, saved } from "./design.js";
import { Findings, ownPath, panelOf } from "./findings.js";
import { createHistory } from "./history.js";
import { Code } from "./panels/code.js";
import { Languages } from "./panels/languages.js";
import { Look } from "./panels/look.js";
import { Pictures } from "./panels/pictures.js";
import { Places } from "./panels/places.js";
import { Rules } from "./panels/rules.js";
import { Texts } from "./panels/texts.js";
import { Values, person } from "./panels/values.js";
import { Preview } from "./preview.js";
import { Dialog, Publish, Revisions } from "./publish.js";
import { createSaving } from "./saving.js";
import { Trying } from "./trying.js";

const PANELS = { texts: Texts, look: Look, pictures: Pictures, code: Code, places: Places, languages: Languages, values: Values, rules: Rules };
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

function Editor({ draft, templateId, revision, writes, issues, phones }) {
  const history = useMemo(() => createHistory(opened(draft)), []);
  const [design, setDesign] = useState(history.present);
  const [panel, setPanel] = useState("texts");
  const [focus, setFocus] = useState(null);
  const [status, setStatus] = useState({ state: "saved", findings: draft.findings, problems: [] });
  const [problems, setProblems] = useState([]);
  const [who, setWho] = useState(0);
  const [own, setOwn] = useState(null);
  const [dialog, setDialog] = useState(null);
  const [published, setPublished] = useState(revision);
  const saving = useMemo(() => createSaving(templateId, draft.version, (news) => setStatus((known) => ({ ...known, message: "", ...news }))), []);
  const show = useCallback((next) => {
    if (!writes) return;
    setDesign(next);
    saving.put(next);
  }, []);
  const change = useCallback((next, mark) => show(history.change(next, mark)), []);
  const values = own ?? person(design, who);
  const findings = useMemo(() => merged(status, problems), [status, problems]);

  useEffect(() => {
    const leave = (event) => saving.unsaved && event.preventDefault();
    const keys = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "z" || key === "y") {
        event.preventDefault();
        show(key === "y" || event.shiftKey ? history.redo() : history.undo());
      } else if (key === "s") {
        event.preventDefault();
        saving.settled();
      }
    };
    addEventListener("beforeunload", leave);
    addEventListener("keydown", keys);
    return () => {
      removeEventListener("beforeunload", leave);
      removeEventListener("keydown", keys);
    };
  }, []);

  const go = (to, path) => {
    setPanel(to);
    setFocus(null);
    requestAnimationFrame(() => setFocus(path));
  };
  const publish = async () => {
    await saving.settled();
    setDialog("publish");
  };
  const reload = async () => location.reload();
  const done = (news, words) => {
    setDialog(null);
    setPublished(news.revision);
    saving.from(0);
    toast(words, "good");
  };
  const restored = async (news) => {
    const fresh = await ask("GET", `${API}/templates/${templateId}/draft`);
    saving.from(fresh.version);
    setDesign(history.change(opened(fresh)));
    setStatus({ state: "saved", findings: fresh.findings, problems: [] });
    setDialog(null);
    setPublished(news.revision);
    toast(say("restored"), "good");
  };
  const Panel = PANELS[panel];
  const languages = [design.content.language ?? "en", ...Object.keys(design.content.translations ?? {})];
  const errors = findings.filter((one) => one.severity === "error").length;
  return html`
    <header class="toolbar">
      <div class="row"><a class="button bare small" href="${HOME}/designs">← ${say("all_designs")}</a><h1>${design.name}</h1>
        <span class="badge ${published ? "good" : ""}">${published ? say("revision_short", { number: published }) : say("draft")}</span></div>
      <div class="row">
        <span class="quiet small" role="status" data-state=${status.state}>${say(`state_${status.state}`)}</span>
        <button type="button" class="button small" disabled=${!history.canUndo} onClick=${() => show(history.undo())}>${say("undo")}</button>
        <button type="button" class="button small" disabled=${!history.canRedo} onClick=${() => show(history.redo())}>${say("redo")}</button>
        <button type="button" class="button small" onClick=${() => setDialog("revisions")}>${say("revisions")}</button>
        <button type="button" class="button small" onClick=${() => setDialog("request")}>${say("as_request")}</button>
        ${issues && published > 0 && html`<a class="button small" href="${HOME}/passes/new?template=${templateId}">${say("hand_out")}</a>`}
        ${writes && html`<button type="button" class="button small primary" onClick=${publish}>${say("publish")}</button>`}
      </div>
    </header>
    <div class="desk">
      <section class="panels" aria-label=${say("edit")}>
        <div class="tabs"><div role="tablist" aria-label=${say("edit")} onKeyDown=${(event) => {
          if (!(event.key in STEPS)) return;
          const names = Object.keys(PANELS);
          const next = names[(names.indexOf(panel) + STEPS[event.key] + names.length) % names.length];
          setPanel(next);
          document.getElementById(`tab-${next}`).focus();
        }}>${Object.keys(PANELS).map((name) => {
          const count = findings.filter((one) => panelOf(one.path) === name && one.severity === "error").length;
          return html`<button type="button" role="tab" id="tab-${name}" aria-controls="panel" aria-selected=${String(name === panel)} tabindex=${name === panel ? 0 : -1} onClick=${() => setPanel(name)}>${say(`panel_${name}`)}${count > 0 && html` <span class="badge bad">${count}</span>`}</button>`;
        })}</div></div>
        ${!writes && html`<p class="note">${say("only_look")}</p>`}
        <div role="tabpanel" id="panel" aria-labelledby="tab-${panel}" tabindex="-1" inert=${!writes}>
          <${Panel} design=${design} change=${change} findings=${findings} focus=${focus} who=${who} setWho=${(one) => { setWho(one); setOwn(null); }} values=${values} setValues=${setOwn} />
        </div>
      </section>
      <div class="beside">
        <${Preview} design=${design} values=${values} languages=${languages} onProblems=${setProblems} />
        ${phones.module && html`<${Trying} templateId=${templateId} published=${published} values=${values} settled=${saving.settled} phones=${phones} />`}
        <section class="stack" aria-labelledby="findings-title"><h2 id="findings-title">${say("check")}${errors > 0 && html` <span class="badge bad">${errors}</span>`}</h2>
          ${status.message && html`<p class="note bad small" role="alert">${status.message}</p>`}
          <${Findings} findings=${findings} content=${design.content} onGo=${go} /></section>
      </div>
    </div>
    ${dialog === "publish" && html`<${Publish} templateId=${templateId} version=${saving.version} design=${design} values=${values} onClose=${() => setDialog(null)} onPublished=${(news) => done(news, say("published"))} />`}
    ${dialog === "revisions" && html`<${Revisions} templateId=${templateId} design=${design} values=${values} writes=${writes} onClose=${() => setDialog(null)} onRestored=${restored} />`}
    ${dialog === "request" && html`<${Request} templateId=${templateId} values=${values} design=${design} onClose=${() => setDialog(null)} />`}
    ${status.state === "conflict" && html`<${Dialog} title=${say("conflict")} onClose=${() => {}}><p>${say("conflict_text")}</p><footer><button type="button" class="button primary" onClick=${reload}>${say("take_theirs")}</button></footer><//>`}
  `;
}

/** The requests that do the same, to copy. */
function Request({ templateId, values, design, onClose }) {
  const [kind, setKind] = useState("issue");
  const address = location.origin;
  const body = kind === "issue" ? { template_id: templateId, values } : saved(design);
  const [method, path] = kind === "issue" ? ["POST", "/v1/passes"] : ["PUT", `/v1/templates/${templateId}`];
  const text = `curl -X ${method} ${address}${path} \\\n  -H "Authorization: Bearer $BILLFOLD_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`;
  return html`<${Dialog} title=${say("as_request")} wide onClose=${onClose}>
    <div class="choice" role="group" aria-label=${say("as_request")}>${["issue", "template"].map((one) => html`<button type="button" class="button small" aria-pressed=${String(one === kind)} onClick=${() => setKind(one)}>${say(`request_${one}`)}</button>`)}</div>
    <pre class="code" tabindex="0">${text}</pre>
    <footer><button type="button" class="button primary" onClick=${() => navigator.clipboard.writeText(text).then(() => toast(say("copied"), "good"), () => toast(say("copy_failed"), "bad"))}>${say("copy")}</button></footer>
  <//>`;
}

/** What the server said of the saved draft; errors that kept it from being saved or drawn come before. */
function merged({ findings = [], problems = [] }, drawing) {
  const worse = [...problems, ...drawing].map((one) => ({ ...one, severity: "error" }));
  const known = new Set(worse.map((one) => ownPath(one.path) + one.code));
  return [...worse.filter((one, at) => worse.findIndex((other) => ownPath(other.path) === ownPath(one.path) && other.code === one.code) === at), ...findings.filter((one) => !known.has(ownPath(one.path) + one.code))];
}

const root = document.getElementById("editor");
const { template, revision, writes, issues } = root.dataset;
const phones = { module: root.dataset.phones, styles: root.dataset.phoneStyles.split(" ") };
try {
  const draft = await ask("GET", `${API}/templates/${template}/draft`);
  root.replaceChildren();
  render(html`<${Editor} draft=${draft} templateId=${template} revision=${Number(revision)} writes=${writes === "true"} issues=${issues === "true"} phones=${phones} />`, root);
} catch (error) {
  root.querySelector("p").textContent = error.message;
}
