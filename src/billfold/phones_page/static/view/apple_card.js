// The front of a pass on an iPhone, drawn from what is in the signed file. May not enter: where the pass came from.
// Source: reference/apple-wallet.md sections 1.5, 2.4.

import { html } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { Code } from "./code.js";
import { usePicture } from "./hooks.js";

const TRANSIT = { Air: "✈", Boat: "⛴", Bus: "🚌", Train: "🚆", Generic: "→" };
const LOOKS = { posterGeneric: "poster", posterEventTicket: "poster", semanticBoardingPass: "boardingPass" };

export function AppleCard({ card }) {
  const look = LOOKS[card.layout] ?? card.layout;
  const of = (group) => card.fields.filter((one) => one.group === group);
  const strip = usePicture(card.images.strip),
    thumbnail = usePicture(card.images.thumbnail);
  const backdrop = usePicture(
    card.images.artwork ?? (look === "eventTicket" && !card.images.strip ? card.images.background : null),
  );
  const footer = usePicture(card.images.footer);
  const upper = look === "boardingPass" ? [of("auxiliary"), of("secondary")] : [of("secondary"), of("auxiliary")];
  return html`<article class=${`card apple ${look}`} lang=${card.language} style=${colorsOf(card)} aria-label=${card.description}>
    ${backdrop && html`<img class="backdrop" src=${backdrop} alt="" />`}
    <header>
      <${Brand} card=${card} />
      <${Fields} of=${of("header")} />
    </header>
    <div class=${strip ? "front with-strip" : "front"}>
      ${strip && html`<img class="strip" src=${strip} alt="" />`}
      <${Fields} of=${of("primary")} between=${look === "boardingPass" ? TRANSIT[card.transit] : null} />
      ${thumbnail && html`<img class="thumbnail" src=${thumbnail} alt="" />`}
    </div>
    ${upper.map((fields) => html`<${Fields} of=${fields.filter((one) => !one.row)} />`)}
    <${Fields} of=${of("auxiliary").filter((one) => one.row)} />
    <div class="foot">
      ${footer && html`<img class="footer" src=${footer} alt="" />`}
      <${Fields} of=${of("footer")} />
      <${Code} code=${card.code} />
    </div>
    <${Stamp} card=${card} />
  </article>`;
}

function Brand({ card }) {
  const logo = usePicture(card.images.primaryLogo ?? card.images.logo);
  return html`<div class="brand">
    ${logo && html`<img src=${logo} alt="" />`}
    <strong>${card.title}</strong>
  </div>`;
}

export function Fields({ of, between = null }) {
  if (!of.length) return null;
  return html`<dl class=${of[0].group}>
    ${of.map(
      (one, at) => html`${at === 1 && between ? html`<div class="between" aria-hidden="true">${between}</div>` : null}
        <div key=${one.key} class=${one.align ?? ""}><dt>${one.label}</dt><dd>${one.value}</dd></div>`,
    )}
  </dl>`;
}

/** What makes a pass useless stands across it. */
export function Stamp({ card }) {
  if (!card.voided && !card.expired) return null;
  return html`<p class="stamp">${say(card.voided ? "voided" : "expired")}</p>`;
}

function colorsOf({ colors, images, style }) {
  const covered = style === "eventTicket" && images.background && !images.strip;
  return {
    "--card": covered ? "rgb(40, 40, 44)" : (colors.background ?? "rgb(235, 235, 240)"),
    "--on-card": colors.foreground ?? (covered ? "rgb(255, 255, 255)" : "rgb(20, 20, 24)"),
    "--card-label": colors.label ?? colors.foreground ?? (covered ? "rgb(255, 255, 255)" : "rgb(70, 70, 78)"),
  };
}
