// Both phones for a page that is about something else: showPhones(tree, styles) draws them into a shadow tree.
// May not enter: the page around; the demo.

import { html, render } from "billfold/html.js";
import { Shelf } from "../shelf.js";
import { useChanges } from "./hooks.js";
import { Phone } from "./phone.js";

/** The shelf, once this tab holds the phones; `onWait` is told when another one does. `styles`: addresses of style sheets. */
export async function showPhones(tree, styles, onWait) {
  const shelf = await Shelf.open({ lineUrl: "/sandbox/lines", onWait });
  if (!shelf.phones.length) {
    await shelf.make("iphone");
    await shelf.make("android");
  }
  const links = styles.map((one) => html`<link key=${one} rel="stylesheet" href=${one} />`);
  render(html`${links}<${Phones} shelf=${shelf} />`, tree);
  return shelf;
}

function Phones({ shelf }) {
  useChanges(shelf);
  return html`<div class="phones">
    ${shelf.phones.map((phone) => html`<${Phone} key=${phone.state.id} phone=${phone} shelf=${shelf} />`)}
  </div>`;
}
