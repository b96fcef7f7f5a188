// The files of a zip archive, under limits: plain zip32, stored or deflated, one entry per path, no paths that leave the archive.
// May not enter: which files a pass has. Source: reference/apple-wallet.md section 1.2.

import { utf8 } from "./bytes.js";

export const ARCHIVE_BYTES_MAX = 16 * 1024 * 1024;
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;
const ENTRIES_MAX = 500;
const END = 0x06054b50,
  CENTRAL = 0x02014b50,
  LOCAL = 0x04034b50;
const STORED = 0,
  DEFLATED = 8;

/** What is unsafe, oversized or not a plain zip. The message says which, in one line. */
export class ZipInvalid extends Error {}

/** Name → bytes. Throws ZipInvalid. */
export async function unzip(data, bytesMax = ARCHIVE_BYTES_MAX) {
  if (data.length > bytesMax) throw new ZipInvalid(`the bundle is larger than ${bytesMax} bytes`);
  let entries;
  try {
    entries = directory(data);
  } catch (error) {
    if (error instanceof ZipInvalid) throw error;
    throw new ZipInvalid("not a zip archive that can be read");
  }
  const unpacked = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (entries.length > ENTRIES_MAX || unpacked > Math.max(UNPACKED_BYTES_MAX, bytesMax))
    throw new ZipInvalid("the bundle unpacks to too much");
  const files = new Map();
  for (const entry of entries) {
    check(entry, files);
    files.set(entry.name, await content(data, entry));
  }
  return files;
}

function directory(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let end = data.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end -= 1;
  if (end < 0) throw new ZipInvalid("not a zip archive that can be read: no central directory");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  return Array.from({ length: count }, () => {
    if (view.getUint32(at, true) !== CENTRAL) throw new ZipInvalid("not a zip archive that can be read: its directory is broken");
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const entry = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
      name: utf8(data.subarray(at + 46, at + 46 + nameSize)),
    };
    at += 46 + nameSize + extraSize + commentSize;
    return entry;
  });
}

function check(entry, seen) {
  const said = JSON.stringify(entry.name);
  if (entry.name.startsWith("/") || /[\\\0]/.test(entry.name) || entry.name.split("/").includes("..")) {
    throw new ZipInvalid(`unsafe path in the archive: ${said}`);
  }
  if (seen.has(entry.name)) throw new ZipInvalid(`${said} is in the archive twice`);
  if (entry.flags & 1) throw new ZipInvalid(`${said} is encrypted`);
  if (entry.method !== STORED && entry.method !== DEFLATED)
    throw new ZipInvalid(`${said} is packed by a method that phones do not know`);
  if (entry.name.endsWith("/") || entry.name.startsWith("__MACOSX/") || entry.name.split("/").at(-1) === ".DS_Store") {
    throw new ZipInvalid(`${said} does not belong into a pass`);
  }
}

async function content(data, entry) {
  const broken = (why) => new ZipInvalid(`not a zip archive that can be read: ${JSON.stringify(entry.name)} ${why}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (entry.header + 30 > data.length || view.getUint32(entry.header, true) !== LOCAL) throw broken("has no header");
  const begin = entry.header + 30 + view.getUint16(entry.header + 26, true) + view.getUint16(entry.header + 28, true);
  if (begin + entry.packed > data.length) throw broken("is cut off");
  const packed = data.slice(begin, begin + entry.packed);
  const bytes = entry.method === STORED ? packed : await inflate(packed, entry.size).catch(() => null);
  if (!bytes || bytes.length !== entry.size || crc32(bytes) !== entry.crc) throw broken("is damaged");
  return bytes;
}

/** Stops as soon as there is more than the directory announced. */
async function inflate(packed, size) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const bytes = new Uint8Array(size);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, at);
    if (at + value.length > size) {
      await reader.cancel();
      return null;
    }
    bytes.set(value, at);
    at += value.length;
  }
}

const TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
  let value = number;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
