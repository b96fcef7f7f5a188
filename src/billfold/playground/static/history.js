// The last requests of this tab, without keys and answers: enough to have a form again. May not enter: the page.

const NAME = "billfold playground";
const KEPT_MAX = 20;
const TEXT_MAX = 20_000;

export function remembered() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
}

/** Newest first. A body that is too long to keep is left out, and then the example stands in its place. */
export function remember(operation, form, status) {
  const { file: _file, ...rest } = form;
  const one = { operation: operation.id, status, at: Date.now(), form: rest.text.length > TEXT_MAX ? { values: rest.values } : rest };
  const kept = [one, ...remembered()].slice(0, KEPT_MAX);
  try {
    sessionStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // full: the list of this page goes on without being kept
  }
  return kept;
}
