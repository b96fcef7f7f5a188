// The page: chooses an operation, keeps its form, runs it, shows what came of it. May not enter: how each of these is done.

import { Refused } from "billfold/ask.js";
import { html, render, useEffect, useMemo, useRef, useState } from "billfold/html.js";
import { Later } from "billfold/later.js";
import { say } from "billfold/texts.js";
import { toast } from "billfold/toast.js";
import { Answer, jsonOf } from "./answer.js";
import { read } from "./description.js";
import { Form, Words } from "./form.js";
import { remember, remembered } from "./history.js";
import { Ids } from "./ids.js";
import { begin, build, missing, nameOf } from "./request.js";
import { Key, send } from "./sending.js";
import { SNIPPETS } from "./snippets.js";

const root = document.getElementById("playground");
const styles = root.dataset.phoneStyles.split(" ");
const key = new Key(root.dataset.key);

const chosenId = () => decodeURIComponent(location.hash.slice(1));

function Playground({ operations, ids }) {
  const find = (id) => operations.find((one) => one.id === id) ?? operations[0];
  const [operation, setOperation] = useState(() => find(chosenId()));
  const [form, setForm] = useState(() => begin(operation, ids));
  const [answer, setAnswer] = useState(null);
  const [busy, setBusy] = useState(false);
  const [history, setHistory] = useState(remembered);
  const [phonesOpen, setPhonesOpen] = useState(false);
  const [wanted, setWanted] = useState({ link: "", count: 0 });
  const awake = useRef(false); // from the first opening on: phones that are folded away live on
  awake.current ||= phonesOpen;

  const show = (next, kept) => {
    setOperation(next);
    setForm({ ...begin(next, ids), ...kept });
    setAnswer(null);
  };
  useEffect(() => {
    const follow = () => show(find(chosenId()));
    addEventListener("hashchange", follow);
    if (find(chosenId()) !== operation) follow(); // chosen before anybody listened
    return () => removeEventListener("hashchange", follow);
  }, []);
  const again = (one) => {
    renameTo(one.operation);
    show(find(one.operation), one.form);
  };
  const run = async (event) => {
    event.preventDefault();
    const body = operation.bodies.find((one) => one.type === form.bodyType);
    const lacks = missing(operation, form);
    if (lacks) return toast(say("play.missing", { name: lacks }), "bad");
    if (body && !body.json && !form.file) return toast(say("play.no_file"), "bad");
    setBusy(true);
    try {
      const given = await send(key, build(operation, form));
      if (given.status < 400) ids.learn(operation, jsonOf(given));
      setAnswer(given);
      setHistory(remember(operation, form, given.status));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message, "bad");
    } finally {
      setBusy(false);
    }
  };
  const openOnPhones = (link) => {
    setPhonesOpen(true);
    setWanted(({ count }) => ({ link, count: count + 1 }));
  };
  const sources = (parameter) =>
    operations.filter((one) => one.links.some((link) => link.name === nameOf(parameter)) || one.lists === nameOf(parameter)).map((one) => one.id);

  return html`<div class="ground">
    <${Operations} operations=${operations} chosen=${operation} />
    <div class="stack loose work">
      <form class="panel" onSubmit=${run} aria-labelledby="operation">
        <h2 id="operation">${operation.summary}</h2>
        <p><span class="badge accent">${operation.method}</span> <code class="path">${operation.path}</code></p>
        ${operation.about && html`<p class="quiet small"><${Words} text=${operation.about} /></p>`}
        <${Form} key=${operation.id} operation=${operation} form=${form} change=${(part) => setForm((was) => ({ ...was, ...part }))} ids=${ids} sources=${sources} />
        <div class="row">
          <button class="button primary" disabled=${busy}>${busy ? say("play.running") : say("play.run")}</button>
          <button type="button" class="button" onClick=${() => show(operation)}>${say("play.example")}</button>
        </div>
      </form>
      <section class="panel" aria-label=${say("play.answer")} aria-busy=${busy} aria-live="polite">
        <h2>${say("play.answer")}</h2>
        ${answer ? html`<${Answer} answer=${answer} openOnPhones=${root.dataset.phones && openOnPhones} />` : html`<p class="quiet">${say("play.no_answer_yet")}</p>`}
      </section>
      <${Code} request=${build(operation, form)} />
      ${history.length > 0 && html`<${History} history=${history} again=${again} />`}
    </div>
    ${
      root.dataset.phones &&
      html`<details class="panel beside" open=${phonesOpen} onToggle=${(event) => setPhonesOpen(event.currentTarget.open)}>
        <summary>${say("play.phones")}</summary>
        <p class="quiet small">${say("play.phones_how")}</p>
        ${
          awake.current &&
          html`<${Later} module=${root.dataset.phones} name="PhonesPanel" styles=${styles} wanted=${wanted} failed=${(error) => toast(error.message, "bad")} />`
        }
      </details>`
    }
  </div>`;
}

/** The address of an operation without coming by `hashchange`, which would begin its form anew. */
const renameTo = (id) => window.history.replaceState(null, "", `#${id}`);

function Operations({ operations, chosen }) {
  const [text, setText] = useState("");
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const said = (one) => `${one.method} ${one.path} ${one.id} ${one.summary} ${one.group}`.toLowerCase();
  const found = operations.filter((one) => words.every((word) => said(one).includes(word)));
  const groups = Map.groupBy(found, (one) => one.group);
  return html`<nav class="operations" aria-label=${say("play.operations")}>
    <div class="field">
      <label for="search">${say("play.search")}</label>
      <input id="search" type="search" autocomplete="off" maxlength="80" value=${text} onInput=${(event) => setText(event.target.value)} />
    </div>
    <div class="groups">
      ${found.length === 0 && html`<p class="quiet">${say("play.none_found")}</p>`}
      ${[...groups].map(
        ([group, all]) => html`<details key=${group} open=${words.length > 0 || group === chosen.group}>
          <summary>${group}</summary>
          <ul>${all.map(
            (one) => html`<li key=${one.id}>
              <a href=${`#${one.id}`} aria-current=${one === chosen ? "true" : undefined}><span class="method">${one.method}</span> ${one.summary}</a>
            </li>`,
          )}</ul>
        </details>`,
      )}
    </div>
  </nav>`;
}

function Code({ request }) {
  const [language, setLanguage] = useState("curl");
  const text = useMemo(() => SNIPPETS[language](location.origin, request), [language, JSON.stringify(request), request.file]);
  return html`<section class="panel" aria-label=${say("play.as_code")}>
    <header>
      <h2>${say("play.as_code")}</h2>
      <div class="row" role="group" aria-label=${say("play.as_code")}>
        ${Object.keys(SNIPPETS).map(
          (one) => html`<button type="button" key=${one} class="button small" aria-pressed=${one === language} onClick=${() => setLanguage(one)}>${say(`play.${one}`)}</button>`,
        )}
      </div>
    </header>
    <pre class="code" id="snippet" tabindex="0" role="region" aria-label=${say(`play.${language}`)}>${text}</pre>
    <div class="row"><button type="button" class="button small" onClick=${() => copy(text)}>${say("play.copy")}</button></div>
    <dl class="facts small"><dt>${say("play.key")}</dt><dd><code>${key.masked || say("play.no_key")}</code></dd></dl>
    <p class="quiet small">${say("play.key_about")}</p>
    <div class="row"><button type="button" class="button small" onClick=${copyKey}>${say("play.copy_key")}</button></div>
  </section>`;
}

async function copyKey() {
  try {
    await copy(await key.get());
  } catch (error) {
    toast(error.message, "bad");
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(say("play.copied"), "good");
  } catch {
    toast(say("play.copy_failed"), "bad");
  }
}

function History({ history, again }) {
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
  return html`<section class="panel" aria-labelledby="history">
    <h2 id="history">${say("play.history")}</h2>
    <p class="quiet small">${say("play.history_about")}</p>
    <ol class="history">
      ${history.map(
        (one) => html`<li key=${`${one.at} ${one.operation}`}>
          <button type="button" class="button small bare" onClick=${() => again(one)} aria-label=${say("play.history_of", one)}>${one.operation}</button>
          <span class=${`badge ${one.status < 400 ? "good" : "bad"}`}>${one.status}</span>
          <time class="quiet small">${time.format(one.at)}</time>
        </li>`,
      )}
    </ol>
  </section>`;
}

async function start() {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(String(answer.status));
  const operations = read(await answer.json());
  root.replaceChildren();
  render(html`<${Playground} operations=${operations} ids=${new Ids(operations, JSON.parse(root.dataset.known))} />`, root);
}

start().catch((error) => {
  root.textContent = say("play.not_read", { reason: error.message });
});
