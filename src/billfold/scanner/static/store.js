// What the terminal keeps on this device: who it is, what it may do without a network, and every operation, stored before it is sent.
// IndexedDB, one database; what must not part is one transaction, also between tabs. May not enter: the network, what is shown.

const NAME = "billfold-scanner";
const KEPT_MS = 7 * 24 * 3600 * 1000; // a server restored from a backup may ask for the last seven days again

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Opens (or makes) the database: `facts` (name → value) and `operations` (by their place in the order, found by id and by state). */
export async function openStore() {
  const opening = indexedDB.open(NAME, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("facts");
    const operations = opening.result.createObjectStore("operations", { keyPath: "place", autoIncrement: true });
    operations.createIndex("id", "id", { unique: true });
    operations.createIndex("state", "state");
  };
  return new Store(await asked(opening));
}

class Store {
  #database;

  constructor(database) {
    this.#database = database;
    database.onversionchange = () => database.close();
  }

  /** Runs `work(facts, operations)`, all of it or nothing; on the disk when it is over. `work` may only wait for the two. */
  async #transaction(mode, work) {
    const transaction = this.#database.transaction(["facts", "operations"], mode, { durability: "strict" });
    const over = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    over.catch(() => {}); // told by the throw below, where `work` failed first
    const result = await work(transaction.objectStore("facts"), transaction.objectStore("operations"));
    await over;
    return result;
  }

  fact = (name) => this.#transaction("readonly", (facts) => asked(facts.get(name)));

  setFacts = (values) =>
    this.#transaction("readwrite", async (facts) => {
      for (const [name, value] of Object.entries(values)) facts.put(value, name);
    });

  /** Keeps the operation that `make(operations so far)` gives, as the last one; null keeps nothing. */
  add = (make) =>
    this.#transaction("readwrite", async (_facts, operations) => {
      const operation = make(await asked(operations.getAll()));
      if (operation) operations.add(operation);
      return operation;
    });

  /** Gives each that has none yet the next device_seq, in their order, and gives them back with it. */
  number = (ids) =>
    this.#transaction("readwrite", async (facts, operations) => {
      let last = (await asked(facts.get("device_seq"))) ?? 0;
      const numbered = [];
      for (const id of ids) {
        const found = await asked(operations.index("id").get(id));
        numbered.push({ ...found, device_seq: found.device_seq ?? ++last, attempts: found.attempts + 1 });
        operations.put(numbered.at(-1));
      }
      facts.put(last, "device_seq");
      return numbered;
    });

  /** Raises the counter to at least `least`: the server has seen that number. */
  raiseSequence = (least) =>
    this.#transaction("readwrite", async (facts) => {
      if (((await asked(facts.get("device_seq"))) ?? 0) < least) facts.put(least, "device_seq");
    });

  /** Each operation of `ids` that is here gets the members that `change(operation)` gives, all in one transaction. */
  change = (ids, change) =>
    this.#transaction("readwrite", async (_facts, operations) => {
      for (const id of ids) {
        const found = await asked(operations.index("id").get(id));
        if (found) operations.put({ ...found, ...change(found) });
      }
    });

  operation = (id) => this.#transaction("readonly", (_facts, operations) => asked(operations.index("id").get(id)));

  /** What has no answer yet, in the order in which it was made. */
  waiting = (limit) =>
    this.#transaction("readonly", (_facts, operations) => asked(operations.index("state").getAll("waiting", limit)));

  all = () => this.#transaction("readonly", (_facts, operations) => asked(operations.getAll()));

  /** Lets go of what was answered long ago. */
  forget = (now) =>
    this.#transaction("readwrite", async (_facts, operations) => {
      for (const one of await asked(operations.getAll())) {
        const open = one.state === "waiting" || one.undo?.state === "waiting" || (one.attention && !one.seen);
        if (!open && one.made_at < now - KEPT_MS) operations.delete(one.place);
      }
    });

  /** Everything goes: the terminal is signed out. */
  clear = () =>
    this.#transaction("readwrite", async (facts, operations) => {
      facts.clear();
      operations.clear();
    });
}
