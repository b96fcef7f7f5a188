import { html, useState } from "billfold/html.js";

export function Counter() {
  const [count, setCount] = useState(0);
  return html`<button type="button" class="button" id="count" style="min-width: 6rem" onClick=${() => setCount(count + 1)}>${count}</button>`;
}
