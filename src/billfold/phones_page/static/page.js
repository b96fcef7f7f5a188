// The page: wakes the phones and draws them. May not enter: what a phone does; how it looks.

import { html, render } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { Shelf } from "./shelf.js";
import { App } from "./view/app.js";

const root = document.getElementById("phones");

async function start() {
  if (!crypto.subtle || !navigator.locks) {
    show("warn", say("needs_secure", { home: root.dataset.home }));
    return;
  }
  const shelf = await Shelf.open({ lineUrl: "/sandbox/lines", onWait: () => show("", say("elsewhere")) });
  if (!shelf.phones.length) {
    await shelf.make("iphone");
    await shelf.make("android");
  }
  root.replaceChildren();
  render(html`<${App} shelf=${shelf} home=${root.dataset.home} withDemo=${root.dataset.demo === "yes"} />`, root);
}

function show(kind, text) {
  const note = document.createElement("p");
  note.className = `note ${kind}`;
  note.setAttribute("role", "status");
  note.textContent = text;
  root.replaceChildren(note);
}

start().catch((error) => show("bad", say("not_started", { reason: error.message })));
