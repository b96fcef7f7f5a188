// Reads DER, as far as a signature and its certificates need. May not enter: what the elements mean.

export const SEQUENCE = 0x30,
  SET = 0x31,
  OID = 0x06,
  OCTET_STRING = 0x04,
  INTEGER = 0x02,
  BOOLEAN = 0x01,
  BIT_STRING = 0x03;
export const UTC_TIME = 0x17,
  GENERALIZED_TIME = 0x18;

/** Truncated, indefinite, or not what was expected at this place. */
export class DerInvalid extends Error {}

/** A tag, its content, and `whole`: tag, length and content as they stood (both Uint8Array). */
class Element {
  constructor(tag, content, whole) {
    Object.assign(this, { tag, content, whole });
  }

  children() {
    return elements(this.content);
  }

  expect(tag) {
    if (this.tag !== tag) throw new DerInvalid(`tag 0x${this.tag.toString(16)} where 0x${tag.toString(16)} belongs`);
    return this;
  }

  oid() {
    this.expect(OID);
    const arcs = [];
    let value = 0;
    for (const byte of this.content) {
      value = value * 128 + (byte & 0x7f);
      if (!(byte & 0x80)) {
        arcs.push(value);
        value = 0;
      }
    }
    if (!arcs.length) throw new DerInvalid("empty object identifier");
    const first = Math.min(Math.floor(arcs[0] / 40), 2);
    return [first, arcs[0] - 40 * first, ...arcs.slice(1)].join(".");
  }

  text() {
    return new TextDecoder(this.tag === 0x1e ? "utf-16be" : "utf-8").decode(this.content);
  }

  /** UTCTime or GeneralizedTime as a Date. */
  time() {
    const said = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(this.text());
    const wide = this.tag === GENERALIZED_TIME;
    if (!said || (this.tag !== UTC_TIME && !wide) || (said[1].length === 4) !== wide) throw new DerInvalid("not a time");
    const year = wide ? said[1] : (said[1] >= "50" ? "19" : "20") + said[1];
    return new Date(`${year}-${said[2]}-${said[3]}T${said[4]}:${said[5]}:${said[6]}Z`);
  }
}

/** The one element that `data` is. */
export function readOne(data) {
  const found = elements(data);
  if (found.length !== 1) throw new DerInvalid("one element expected");
  return found[0];
}

function elements(data) {
  const found = [];
  let at = 0;
  while (at < data.length) {
    if (at + 2 > data.length) throw new DerInvalid("truncated");
    let size = data[at + 1];
    let begin = at + 2;
    if (size & 0x80) {
      const octets = size & 0x7f;
      if (octets < 1 || octets > 4) throw new DerInvalid("indefinite or oversized length");
      size = data.subarray(begin, begin + octets).reduce((sum, byte) => sum * 256 + byte, 0);
      begin += octets;
    }
    const end = begin + size;
    if (end > data.length) throw new DerInvalid("truncated");
    found.push(new Element(data[at], data.subarray(begin, end), data.subarray(at, end)));
    at = end;
  }
  return found;
}
