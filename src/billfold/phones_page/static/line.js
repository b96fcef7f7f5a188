// One line from the sandbox to all phones of the page: pushes for their tokens, news for their accounts.
// One, since a browser holds few connections to a server, and each phone would take one for every kind of pass.
// It is opened anew before the older one is closed, so that nothing falls between. May not enter: what a phone does with news.

const DELAYS_SECONDS = [0.5, 1, 2, 4, 8, 15, 30];
const SILENCE_SECONDS = 60;
const GATHER_MILLISECONDS = 15;

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export class Line {
  constructor(url) {
    this.url = url;
    this.followed = new Map();
    this.stream = null;
    this.timer = null;
    this.attempt = 0;
    this.lost = false;
  }

  /** `wish()`: {pushToken, topic} or {account, after}. `on`: {open(again), which is told at first and after
   *  the line was lost, news(name, data, id), down(text)}. */
  follow(key, wish, on) {
    const opened = new Promise((done) => {
      this.followed.set(key, { wish, on, done, stood: false });
    });
    this.renew();
    return opened;
  }

  unfollow(key) {
    if (this.followed.delete(key)) this.renew();
  }

  follows(key) {
    return this.followed.has(key);
  }

  renew() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), GATHER_MILLISECONDS);
  }

  async open() {
    const older = this.stream;
    const mine = [...this.followed.values()];
    if (!mine.length) {
      this.stream = null;
      older?.abort();
      return;
    }
    const stream = (this.stream = new AbortController());
    try {
      const reader = await this.connect(mine, stream);
      await this.read(reader, stream, () => {
        older?.abort();
        this.attempt = 0;
        for (const one of mine) this.stands(one);
        this.lost = false;
      });
      throw new Error("the stand-in closed it");
    } catch {
      if (this.stream !== stream) return; // a newer one took its place
      if (this.attempt === 0) for (const one of mine) one.on.down("the line to the push service is down");
      await sleep(DELAYS_SECONDS[Math.min(this.attempt, DELAYS_SECONDS.length - 1)] * 1000);
      this.attempt += 1;
      this.lost = true;
      if (this.stream === stream) await this.open();
    }
  }

  /** A line that was opened anew for another phone's sake is no news for this one. */
  stands(one) {
    if (!one.stood || this.lost) one.on.open(one.stood);
    one.stood = true;
    one.done();
  }

  async connect(mine, stream) {
    const wishes = mine.map((one) => one.wish());
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ tokens: wishes.filter((one) => one.pushToken), accounts: wishes.filter((one) => one.account) }),
      credentials: "omit",
      signal: stream.signal,
    });
    if (response.status !== 200) throw new Error(`refused with ${response.status}`);
    return response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  async read(reader, stream, onOpen) {
    let buffer = "";
    let open = false;
    for (;;) {
      const silence = setTimeout(() => stream.abort(), SILENCE_SECONDS * 1000);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      if (!open) onOpen();
      open = true;
      buffer += value;
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) this.tell(block);
    }
  }

  tell(block) {
    const said = Object.fromEntries(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    );
    if (!said.event || !said.data) return;
    const data = JSON.parse(said.data);
    for (const one of this.followed.values()) {
      const wish = one.wish();
      if ((wish.pushToken && wish.pushToken === data.pushToken) || (wish.account && wish.account === data.account))
        one.on.news(said.event, data, said.id);
    }
  }
}
