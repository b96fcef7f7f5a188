// A plan of the shops that the passes name, on which the phones are moved: dragged, or with the arrow keys.
// It is drawn here and asks nobody for a map. May not enter: which pass is wanted where (nearby.js).

import { html, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";
import { distance, metersPerLongitude, radius } from "../nearby.js";
import { useChanges } from "./hooks.js";
import { nameOf } from "./phone.js";
import { cardOf } from "./wallet.js";

const WIDTH_METERS = 3000,
  HEIGHT_METERS = 1500,
  STEP_METERS = 50;

export function Plan({ phones }) {
  for (const phone of phones) useChanges(phone);
  const map = useRef(null);
  const shops = shopsOf(phones);
  const [chosen, choose] = useState(null);
  const center = shops.find((one) => keyOf(one) === chosen) ?? shops[0];
  if (!center) return html`<p class="quiet">${say("plan_empty")}</p>`;
  const shown = shops.filter(
    (one) => Math.abs(eastOf(one, center)) < WIDTH_METERS / 2 && Math.abs(northOf(one, center)) < HEIGHT_METERS / 2,
  );
  return html`<section class="panel plan" aria-label=${say("plan")}>
    <header><h2>${say("plan")}</h2>
      ${shown.length < shops.length && html`<${Around} shops=${shops} center=${center} choose=${choose} />`}
    </header>
    <p class="quiet small">${say("plan_how")}</p>
    <div class="map" ref=${map}>
      <svg viewBox="0 0 ${WIDTH_METERS} ${HEIGHT_METERS}" preserveAspectRatio="none" aria-hidden="true">
        <path class="streets" d="M0 420H3000M0 1060H3000M560 0V1500M1500 0V1500M2380 0V1500M0 1400L900 0M2100 1500L3000 300" />
        ${shown.map(
          (one) => html`<circle
            key=${keyOf(one)}
            class="shop"
            cx=${WIDTH_METERS / 2 + eastOf(one, center)}
            cy=${HEIGHT_METERS / 2 - northOf(one, center)}
            r=${one.radius}
          />`,
        )}
      </svg>
      ${shown.map((one) => html`<span key=${keyOf(one)} class="shop-name" style=${positionOf(one, center)}>${one.name}</span>`)}
      ${phones.map((phone, at) => html`<${Pin} key=${phone.state.id} phone=${phone} map=${map} center=${center} home=${at} />`)}
    </div>
  </section>`;
}

/** Shops of different towns do not fit on one plan. */
function Around({ shops, center, choose }) {
  return html`<label>
    ${say("around")}${" "}
    <select onChange=${(event) => choose(event.target.value)}>
      ${shops.map((one) => html`<option key=${keyOf(one)} value=${keyOf(one)} selected=${one === center}>${one.name} (${keyOf(one)})</option>`)}
    </select>
  </label>`;
}

function Pin({ phone, map, center, home }) {
  const place = phone.state.place ?? moved(center, { east: -WIDTH_METERS / 2 + 160 + home * 220, north: -HEIGHT_METERS / 2 + 150 });
  const moveTo = (next) => phone.moveTo(within(next, center));
  const drag = (event) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const box = map.current.getBoundingClientRect();
    const east = ((event.clientX - box.left) / box.width - 0.5) * WIDTH_METERS;
    const north = (0.5 - (event.clientY - box.top) / box.height) * HEIGHT_METERS;
    moveTo(moved(center, { east, north }));
  };
  const key = (event) => {
    const step = {
      ArrowLeft: { east: -STEP_METERS },
      ArrowRight: { east: STEP_METERS },
      ArrowUp: { north: STEP_METERS },
      ArrowDown: { north: -STEP_METERS },
    }[event.key];
    if (!step) return;
    event.preventDefault();
    moveTo(moved(place, { east: 0, north: 0, ...step }));
    phone.keep();
  };
  const near = nearest(phone, place);
  const label = near
    ? say("pin_near", { phone: nameOf(phone), meters: Math.round(near.meters), shop: near.name })
    : say("pin", { phone: nameOf(phone) });
  return html`<button
    type="button"
    class=${`pin ${phone.state.kind}`}
    style=${positionOf(place, center)}
    aria-label=${label}
    title=${label}
    onKeyDown=${key}
    onPointerDown=${(event) => event.currentTarget.setPointerCapture(event.pointerId)}
    onPointerMove=${drag}
    onPointerUp=${() => phone.keep()}
  >
    ${phone.state.number}
  </button>`;
}

function shopsOf(phones) {
  const shops = phones.flatMap((phone) =>
    phone.passes.flatMap((pass) =>
      cardOf(pass).nearby.map((place) => ({ ...place, name: cardOf(pass).organizationName, radius: radius(cardOf(pass), pass) })),
    ),
  );
  return [...new Map(shops.map((one) => [keyOf(one), one])).values()];
}

function nearest(phone, place) {
  const all = shopsOf([phone]).map((one) => ({ name: one.name, meters: distance(one, place) }));
  return all.sort((one, other) => one.meters - other.meters)[0];
}

const keyOf = ({ latitude, longitude }) => `${latitude},${longitude}`;
const eastOf = (one, center) => (one.longitude - center.longitude) * metersPerLongitude(center.latitude);
const northOf = (one, center) => (one.latitude - center.latitude) * 111_320;

const moved = (place, { east, north }) => ({
  latitude: place.latitude + north / 111_320,
  longitude: place.longitude + east / metersPerLongitude(place.latitude),
});

/** The plan's edge is the world's. */
function within(place, center) {
  const keep = (value, limit) => Math.max(-limit, Math.min(limit, value));
  return moved(center, {
    east: keep(eastOf(place, center), WIDTH_METERS / 2 - 60),
    north: keep(northOf(place, center), HEIGHT_METERS / 2 - 60),
  });
}

const positionOf = (place, center) => {
  const inside = within(place, center);
  return {
    left: `${(eastOf(inside, center) / WIDTH_METERS + 0.5) * 100}%`,
    top: `${(0.5 - northOf(inside, center) / HEIGHT_METERS) * 100}%`,
  };
};
