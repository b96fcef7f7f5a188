// The phones beside the form. They live in a shadow tree, so that their look and the page's stay apart. May not enter: what a phone does.

import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

/** `module`: address of the phones' own module. `wanted`: { link, count }, a link to open once for each count. */
export function Phones({ module, styles, wanted }) {
  const place = useRef(null);
  const shelf = useRef(null); // a promise of it
  const [note, setNote] = useState(say("play.phones_waking"));
  const fail = (error) => setNote(say("play.phones_failed", { reason: error.message }));
  useEffect(() => {
    const tree = place.current.attachShadow({ mode: "open" });
    const wait = () => setNote(say("play.phones_wait"));
    shelf.current = import(module).then(({ showPhones }) => showPhones(tree, styles, wait));
    shelf.current.then(() => setNote(""), fail);
  }, [module, styles]);
  useEffect(() => {
    if (!wanted.link) return;
    shelf.current.then(({ phones }) => Promise.all(phones.map((phone) => phone.add(wanted.link)))).catch(fail);
  }, [wanted]);
  return html`<p class="quiet small">${say("play.phones_how")}</p>
    ${note && html`<p class="note" role="status">${note}</p>`}
    <div class="shadow" ref=${place}></div>`;
}
