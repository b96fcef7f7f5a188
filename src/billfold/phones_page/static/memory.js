// What the phones of the page remember over a reload: one record for each phone, in this browser's own database, and nowhere else.
// May not enter: network; decisions.

const NAME = "billfold-phones",
  STORE = "phones";

const settled = (asked) =>
  new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });

export class Memory {
  /** A browser that keeps nothing (a private window, say) gives a memory that forgets. */
  static async open() {
    try {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
      return new Memory(await settled(asked));
    } catch {
      return new Memory(null);
    }
  }

  constructor(database) {
    this.database = database;
  }

  async all() {
    return this.database ? settled(this.store("readonly").getAll()) : [];
  }

  async keep(record) {
    if (this.database) await settled(this.store("readwrite").put(record));
  }

  async forget(id) {
    if (this.database) await settled(this.store("readwrite").delete(id));
  }

  store(mode) {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }
}
