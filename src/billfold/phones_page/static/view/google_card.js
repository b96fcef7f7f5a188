// The front of a pass on an Android phone, drawn from its object and its class. May not enter: where they came from.
// Source: reference/google-wallet.md section 1.12.

import { html, useEffect, useState } from "billfold/html.js";
import { codeAt } from "../google/codes.js";
import { Fields, Stamp } from "./apple_card.js";
import { Code } from "./code.js";

const DARK = "rgb(32, 33, 36)",
  LIGHT = "rgb(255, 255, 255)";

export function GoogleCard({ pass }) {
  const { card } = pass;
  const front = card.fields.filter((one) => one.group !== "back");
  const rows = card.rows.length ? card.rows : defaultRows(front);
  const primary = front.filter((one) => one.group === "primary");
  const logo = own(card.pictures.wideLogo ?? card.pictures.logo),
    hero = own(card.pictures.hero);
  return html`<article class="card google" style=${colorsOf(card)} aria-label=${card.description}>
    <header>
      <div class="brand">
        ${logo && html`<img src=${logo} alt="" />`}
        <span>${card.organizationName}</span>
      </div>
      <${Fields} of=${card.layout === "giftCard" ? front.filter((one) => one.key === "balance") : []} />
    </header>
    <h3>${card.title}</h3>
    <${Fields} of=${primary} />
    ${rows.map((row, at) => html`<${Fields} key=${at} of=${row} />`)}
    <${CodeNow} pass=${pass} />
    ${hero && html`<img class="hero" src=${hero} alt="" />`}
    <${Stamp} card=${card} />
  </article>`;
}

/** The code of this moment: a rotating one is drawn anew when its period ends. */
function CodeNow({ pass }) {
  const [code, setCode] = useState(null);
  useEffect(() => {
    let timer = null;
    const draw = async () => {
      const now = Date.now();
      const found = await codeAt(pass.entry.object, now);
      setCode(found);
      if (found?.periodMs) timer = setTimeout(draw, found.periodMs - (now % found.periodMs) + 20);
    };
    draw();
    return () => clearTimeout(timer);
  }, [pass]);
  return html`<${Code} code=${code} />`;
}

function defaultRows(fields) {
  const shown = fields.filter((one) => one.group !== "primary").slice(0, 4);
  return [shown.slice(0, 2), shown.slice(2)].filter((row) => row.length);
}

/** A picture that our own server keeps; another one is Google's to fetch, not this page's. */
export function own(address) {
  return address && URL.canParse(address) && new URL(address).origin === location.origin ? address : null;
}

/** Google chooses the text's colour by the ground. */
function colorsOf({ colors }) {
  const ground = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(colors.background ?? "") ? colors.background : "#e8eaed";
  const text = luminance(ground) > 0.179 ? DARK : LIGHT;
  return { "--card": ground, "--on-card": text, "--card-label": text };
}

function luminance(ground) {
  const digits = ground.length === 4 ? [...ground.slice(1)].map((one) => one + one).join("") : ground.slice(1);
  const [red, green, blue] = digits.match(/../g).map((pair) => {
    const part = parseInt(pair, 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
