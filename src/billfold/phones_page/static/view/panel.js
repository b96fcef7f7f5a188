// Both phones for a page that is about something else: <PhonesPanel styles=... wanted=... />. They live in a shadow tree, so that their
// look and the page's stay apart. May not enter: the page around; the demo.

import { html, render, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { Shelf } from "../shelf.js";
import { useChanges } from "./hooks.js";
import { Phone } from "./phone.js";

/** `styles`: addresses of style sheets. `wanted`: { link, count, kind }, a link to open once for each count, on phones of one kind or all. */
export function PhonesPanel({ styles, wanted }) {
  const place = useRef(null);
  const shelf = useRef(null); // a promise of it
  const [note, setNote] = useState(say("waking"));
  const fail = (error) => setNote(say("not_started", { reason: error.message }));
  useEffect(() => {
    const tree = place.current.attachShadow({ mode: "open" });
    shelf.current = wake(() => setNote(say("elsewhere")));
    shelf.current.then((found) => {
      const links = styles.map((one) => html`<link key=${one} rel="stylesheet" href=${one} />`);
      render(html`${links}<${Phones} shelf=${found} />`, tree);
      setNote("");
    }, fail);
  }, []);
  useEffect(() => {
    if (!wanted.link) return;
    const fits = ({ state }) => !wanted.kind || state.kind === wanted.kind;
    shelf.current.then(({ phones }) => Promise.all(phones.filter(fits).map((phone) => phone.add(wanted.link)))).catch(fail);
  }, [wanted]);
  return html`${note && html`<p class="note" role="status">${note}</p>`}<div class="shadow" ref=${place}></div>`;
}

/** The shelf, once this tab holds the phones; `onWait` is told when another one does. */
async function wake(onWait) {
  if (!crypto.subtle || !navigator.locks) throw new Error(say("needs_secure", { home: location.origin }));
  const shelf = await Shelf.open({ lineUrl: "/sandbox/lines", onWait });
  if (!shelf.phones.length) {
    await shelf.make("iphone");
    await shelf.make("android");
  }
  return shelf;
}

function Phones({ shelf }) {
  useChanges(shelf);
  return html`<div class="phones">
    ${shelf.phones.map((phone) => html`<${Phone} key=${phone.state.id} phone=${phone} shelf=${shelf} />`)}
  </div>`;
}
