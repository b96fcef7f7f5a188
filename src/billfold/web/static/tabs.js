// Tabs as the ARIA practices want them: arrow keys move, the shown one alone is in the order of the Tab key.
//
//   <div class="tabs"><div role="tablist" aria-label="..."><button role="tab" id="a" aria-controls="a-panel">...</button>...</div>
//   <div role="tabpanel" id="a-panel" aria-labelledby="a">...</div>...</div>
//
// May not enter: what a panel shows.

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

export function tabs(root) {
  const all = [...root.querySelectorAll('[role="tab"]')];
  const show = (chosen, focus) => {
    for (const one of all) {
      const on = one === chosen;
      one.setAttribute("aria-selected", String(on));
      one.tabIndex = on ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = !on;
    }
    if (focus) chosen.focus();
  };
  for (const one of all) {
    one.addEventListener("click", () => show(one));
    one.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      const step = STEPS[event.key];
      const next = Number.isFinite(step) ? (all.indexOf(one) + step + all.length) % all.length : step < 0 ? 0 : all.length - 1;
      show(all[next], true);
    });
  }
  const first = all.find((one) => one.getAttribute("aria-selected") === "true") ?? all[0];
  if (first) show(first);
}
