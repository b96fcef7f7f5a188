// What several screens use. May not enter: steps.

import { html, useEffect, useRef } from "billfold/html.js";
import { say } from "billfold/texts.js";

/** The heading of a screen; it takes the focus, so that a screen reader begins there. */
export function Heading({ children, quiet = false }) {
  const place = useRef(null);
  useEffect(() => {
    if (!quiet) place.current.focus({ preventScroll: true });
  }, []);
  return html`<h1 tabindex="-1" ref=${place}>${children}</h1>`;
}

/** What went wrong: a key of ours, or the server's own words. */
export function Trouble({ text }) {
  const words = { no_answer: () => say("no_answer"), pin_wrong: () => say("pin.wrong"), pin_slow: () => say("pin.slow"), pin_ask: () => say("pin.ask"), locked: () => say("pin.first") };
  return text && html`<p class="note bad" role="alert">${words[text]?.() ?? text}</p>`;
}

export const Back = ({ till }) => html`<button type="button" class="button" onClick=${till.next}>${say("back")}</button>`;
