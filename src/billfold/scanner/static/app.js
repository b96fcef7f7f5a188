// The scanner's page: opens what is kept on this device, keeps the page for when there is no network, shows the till.
// May not enter: what a screen shows (views/), what a step does (till.js).

import { html, render, useEffect, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { workerAddress } from "billfold/trusted.js";

import { openStore } from "./store.js";
import { Till } from "./till.js";
import { Bar } from "./views/bar.js";
import { Card, Choose } from "./views/card.js";
import { Enrol, Ended, Locked } from "./views/entry.js";
import { History } from "./views/history.js";
import { Outcome } from "./views/outcome.js";
import { Scan } from "./views/scan.js";
import { Settings } from "./views/settings.js";
import { Turn } from "./views/turn.js";
import { listen } from "./wedge.js";

const SCREENS = { enrol: Enrol, locked: Locked, ended: Ended, scan: Scan, choose: Choose, card: Card, result: Outcome, history: History, settings: Settings };

function App({ till }) {
  const [, again] = useState(0);
  useEffect(() => {
    till.changed = () => again((count) => count + 1);
    till.start();
    return listen(window, (code) => till.read(code));
  }, []);
  const Screen = SCREENS[till.screen];
  return html`<div class="top" aria-busy=${till.busy}><${Bar} till=${till} /><${Turn} till=${till} /></div>${Screen && html`<${Screen} till=${till} key=${till.screen} />`}`;
}

const place = document.getElementById("main");
navigator.serviceWorker?.register(workerAddress("/scan/service-worker.js"), { scope: "/scan" });
try {
  render(html`<${App} till=${new Till(await openStore())} />`, place);
} catch (error) {
  render(html`<p class="note bad" role="alert">${say("no_storage")}</p>`, place);
  throw error;
}
