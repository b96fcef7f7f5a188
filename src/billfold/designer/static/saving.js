// Saves the draft by itself, one request at a time, the newest state last. Nobody's work is overwritten: each save names the version that
// it began from, and when somebody else has saved meanwhile, it stops and says so. May not enter: the page.

import { ask } from "billfold/ask.js";
import { API } from "./api.js";
import { saved } from "./design.js";

const PAUSE_MS = 600;
const AGAIN_MS = 4000;

/** `tell({state, message, findings, problems})`: state is saved, waiting, saving, refused, conflict, offline. */
export function createSaving(templateId, version, tell) {
  let wanted = null;
  let timer = null;
  let underWay = false;
  let stopped = false;
  let idle = [];

  async function save() {
    if (underWay || wanted === null || stopped) return;
    const body = wanted;
    wanted = null;
    underWay = true;
    tell({ state: "saving" });
    try {
      const answer = await ask("PUT", `${API}/templates/${templateId}/draft`, body, { "If-Match": `"${version}"` });
      version = answer.version;
      tell({ state: wanted ? "waiting" : "saved", findings: answer.findings, problems: [] });
    } catch (error) {
      if (error.status === 412) {
        stopped = true;
        tell({ state: "conflict", message: error.message });
      } else if (error.status === 422 || error.status === 400) {
        tell({ state: "refused", message: error.message, problems: error.problem.errors ?? [] });
      } else {
        wanted ??= body;
        tell({ state: "offline", message: error.message });
        timer = setTimeout(save, AGAIN_MS);
      }
    } finally {
      underWay = false;
      if (wanted && !timer) save();
      if (!wanted) {
        for (const done of idle) done();
        idle = [];
      }
    }
  }

  return {
    get version() {
      return version;
    },
    get unsaved() {
      return wanted !== null || underWay;
    },
    put(design) {
      wanted = saved(design);
      tell({ state: "waiting" });
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = null;
        save();
      }, PAUSE_MS);
    },
    /** Everything is saved, or cannot be, once this is through. */
    settled() {
      clearTimeout(timer);
      timer = null;
      if (!wanted && !underWay) return Promise.resolve();
      const done = new Promise((resolve) => idle.push(resolve));
      save();
      return done;
    },
    /** Somebody else's version is taken over, or overwritten with ours. */
    from(newVersion) {
      version = newVersion;
      stopped = false;
    },
  };
}
