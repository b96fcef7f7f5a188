// Undo and redo over values that are never changed in place. Changes of the same thing, one soon after another, are one step, so that
// undoing takes back a word and not a letter. May not enter: what the values are.

const SOON_MS = 1200;
const STEPS_MAX = 200;

export function createHistory(first, now = () => performance.now()) {
  let past = [];
  let present = first;
  let future = [];
  let last = { mark: null, at: -Infinity };
  return {
    get present() {
      return present;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** `mark`: what is changed, such as `header.0.value`; null is always a step of its own. */
    change(next, mark = null) {
      if (next === present) return present;
      const at = now();
      if (mark === null || mark !== last.mark || at - last.at > SOON_MS) past = [...past, present].slice(-STEPS_MAX);
      last = { mark, at };
      present = next;
      future = [];
      return present;
    },
    undo() {
      if (past.length) {
        future = [present, ...future];
        present = past.at(-1);
        past = past.slice(0, -1);
        last = { mark: null, at: -Infinity };
      }
      return present;
    },
    redo() {
      if (future.length) {
        past = [...past, present];
        [present, ...future] = future;
        last = { mark: null, at: -Infinity };
      }
      return present;
    },
  };
}
