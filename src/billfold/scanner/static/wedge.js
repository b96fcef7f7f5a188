// Readers that type: a burst of keys, faster than people, ended by Enter or Tab, wherever the focus is.
// May not enter: what a code means.

const GAP_MS = 250; // between two keys of one burst, at most: a busy device may stumble once, and half a code would be a wrong code
const MEAN_MS = 60; // over the burst; fast typists need twice as long
const LENGTH_MIN = 4;
const ENDS = new Set(["Enter", "Tab"]);

/** Calls `found(text)` for each burst on `target`; what it typed into a field is taken out again. Gives back what ends it. */
export function listen(target, found) {
  let keys = [];
  let before = null; // the field that has the focus, and what it held before the burst

  function start(event) {
    keys = [];
    const field = event.target;
    before = "value" in field && "selectionStart" in field ? { field, value: field.value } : null;
  }

  function isBurst(at) {
    const mean = (at - keys[0]?.at) / keys.length;
    return keys.length >= LENGTH_MIN && at - keys.at(-1).at <= GAP_MS && mean <= MEAN_MS;
  }

  function restore() {
    if (!before) return;
    before.field.value = before.value;
    before.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    const at = event.timeStamp;
    if (ENDS.has(event.key)) {
      if (isBurst(at)) {
        event.preventDefault(); // it presses no button and leaves no field
        event.stopImmediatePropagation();
        restore();
        found(keys.map((one) => one.key).join(""));
      }
      keys = [];
    } else if (event.key.length === 1) {
      if (!keys.length || at - keys.at(-1).at > GAP_MS) start(event);
      keys.push({ key: event.key, at });
      if (keys.length > 1 && !before) event.preventDefault(); // a space in a code presses no button either
    }
  }

  target.addEventListener("keydown", onKey, true);
  return () => target.removeEventListener("keydown", onKey, true);
}
