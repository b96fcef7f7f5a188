// Dragging a field to another place with mouse, pen or finger. A finger takes it by its grip, since the rest of the row scrolls the page.
// May not enter: what a move does to the design.

const FAR_ENOUGH_PIXELS = 6;
const EDGE_PIXELS = 64,
  SCROLL_PIXELS = 14;

/** Where a pointer would drop: { area, to }, `to` counted among the rows as they stand; null where nothing can be dropped. */
function placeAt(x, y) {
  const under = document.elementFromPoint(x, y);
  const area = under?.closest("[data-area]");
  if (!area) return null;
  const rows = [...area.querySelectorAll("li.field-row")];
  const at = rows.indexOf(under.closest("li.field-row"));
  if (at < 0) {
    const below = rows.findIndex((row) => y < row.getBoundingClientRect().top);
    return { area, rows, to: below < 0 ? rows.length : below };
  }
  const box = rows[at].getBoundingClientRect();
  return { area, rows, to: y > box.top + box.height / 2 ? at + 1 : at };
}

let marked = null;

function mark(place) {
  marked?.removeAttribute("data-drop");
  marked = place && (place.rows[place.to] ?? place.rows.at(-1) ?? place.area);
  marked?.setAttribute("data-drop", place.rows[place.to] ? "before" : "after");
}

/** Handler of `pointerdown` on a row. `moved(area, to)`: the area's name and the place that the row has afterwards. */
export function dragging(fromArea, from, moved) {
  return (down) => {
    if (down.button !== 0 || (down.pointerType !== "mouse" && !down.target.closest(".grip"))) return;
    const row = down.currentTarget;
    let place = null;
    let under = false;
    const stop = new AbortController();
    const on = (name, act) => addEventListener(name, act, { signal: stop.signal, capture: true });
    const end = () => {
      stop.abort();
      mark(null);
      row.removeAttribute("data-dragged");
    };
    on("pointermove", (event) => {
      if (event.pointerId !== down.pointerId) return;
      if (!under && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < FAR_ENOUGH_PIXELS) return;
      under = true;
      row.setAttribute("data-dragged", "");
      if (event.clientY < EDGE_PIXELS) scrollBy(0, -SCROLL_PIXELS);
      if (event.clientY > innerHeight - EDGE_PIXELS) scrollBy(0, SCROLL_PIXELS);
      place = placeAt(event.clientX, event.clientY);
      mark(place);
    });
    on("pointerup", (event) => {
      if (event.pointerId !== down.pointerId) return;
      end();
      if (!under) return;
      addEventListener("click", (click) => (click.stopPropagation(), click.preventDefault()), { capture: true, once: true, signal: AbortSignal.timeout(50) });
      if (!place) return;
      const area = place.area.dataset.area;
      moved(area, area === fromArea && place.to > from ? place.to - 1 : place.to);
    });
    on("pointercancel", end);
    on("keydown", (event) => event.key === "Escape" && end());
  };
}
