// What happened on a phone, line by line, newest last, for eyes and screen readers. May not enter: what made it happen.

import { html, useEffect, useRef } from "billfold/html.js";
import { say } from "billfold/texts.js";

const CHANGES_TOLD = 3;

export function Journal({ phone, name }) {
  const list = useRef(null);
  useEffect(() => {
    list.current.scrollTop = list.current.scrollHeight;
  }, [phone.journal.at(-1)?.number]);
  return html`<div class="journal" role="log" aria-live="polite" aria-label=${say("journal_of", { phone: name })} tabindex="0" ref=${list}>
    <ol>
      ${phone.journal.map(
        (one) => html`<li key=${one.number} data-event=${one.event}>
          <time datetime=${one.at}>${one.at.slice(11, 19)}</time> ${wordsFor(one)}
        </li>`,
      )}
    </ol>
  </div>`;
}

/** An event in a sentence. */
export function wordsFor(one) {
  if (one.event === "updated") return say("event_updated", { what: changesOf(one) });
  if (one.event === "registered") return say(one.status === 201 ? "event_registered" : "event_registered_again");
  if (one.event === "unchanged") return say(one.serialNumber ? "event_unchanged_pass" : "event_unchanged");
  if (one.event === "installed") return say(one.again ? "event_installed_again" : "event_installed", { title: one.title });
  if (one.event === "failed") return say(one.givesUp ? "event_gave_up" : "event_failed", { text: one.text });
  const { title = "", text = "", topic = "", link = "" } = one;
  return say(`event_${one.event}`, { title, text, topic, link });
}

function changesOf({ changes, message }) {
  const told = changes.slice(0, CHANGES_TOLD).map((one) => `${one.label || one.key}: ${one.old ?? "–"} → ${one.new ?? "–"}`);
  const more = changes.length - told.length;
  return (
    [...told, ...(more ? [say("and_more", { count: more })] : []), ...(message ? [message] : [])].join("; ") || say("looks_alone")
  );
}
