// The line below the bar: which code waits for its turn, and that one was read twice. No code that was read vanishes without a word.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";

/** Always there, so that a screen reader hears what comes into it. */
export function Turn({ till }) {
  const { next, twice } = till.turns;
  return html`<div class="turn" role="status">
    ${next && html`<p><span>${say("turn.next", { code: next })}</span> ${!till.busy && html`<button type="button" class="button small" onClick=${till.next}>${say("turn.take")}</button>`}</p>`}
    ${twice && html`<p>${say("turn.twice")}</p>`}
  </div>`;
}
