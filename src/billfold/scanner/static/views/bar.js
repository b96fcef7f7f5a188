// The line above every screen: whose till it is, whether the server is there, what waits, the way to history and settings.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";

const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2";
const DOTS = "M5 12h.01M12 12h.01M19 12h.01";
const QUIET = new Set(["starting", "enrol", "locked", "ended"]);

const lineOf = ({ line }) => (line.up ? (line.sure ? "line.up" : "line.asking") : "line.down");

export function Bar({ till }) {
  const { terminal, environment } = till.session;
  const waiting = till.waiting.length;
  const attention = till.attention.length;
  const state = [say(lineOf(till)), waiting && say("line.waiting", { count: waiting })].filter(Boolean).join(" · ");
  return html`<header class="bar">
    <div class="whose">
      <strong>${terminal?.name ?? say("app")}</strong>
      ${environment === "test" && html`<span class="badge accent">${say("test")}</span>`}
    </div>
    ${terminal && html`<span class=${`badge ${till.online && till.line.sure ? "good" : "warn"}`} role="status">${state}</span>`}
    ${!QUIET.has(till.screen) &&
    html`<nav aria-label=${say("menu")}>
      <${Way} till=${till} screen="history" sign=${CLOCK}>${attention > 0 && html`<span class="badge bad" aria-label=${say("history.attention_count", { count: attention })}>${attention}</span>`}<//>
      <${Way} till=${till} screen="settings" sign=${DOTS} />
    </nav>`}
  </header>`;
}

function Way({ till, screen, sign, children }) {
  const here = till.screen === screen;
  return html`<button type="button" class="way" aria-current=${here ? "page" : undefined} title=${say(`${screen}.title`)} onClick=${() => till.open(screen)}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${sign} /></svg><span class="unseen">${say(`${screen}.title`)}</span>${children}
  </button>`;
}
