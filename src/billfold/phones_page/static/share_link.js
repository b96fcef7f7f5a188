// Opens a share link as a phone's browser does and comes back with what the wallet is handed.
// A browser does not let a page choose its User-Agent, so the phone says in a header of its own which phone it is; the share page
// takes that word for passes of the test environment alone. May not enter: state; what a wallet does with it.
// Sources: reference/apple-wallet.md section 7, reference/google-wallet.md section 3.2.

import { unpack } from "./apple/bundle.js";
import { PASS_TYPE } from "./apple/web_service.js";
import { Unreachable, request } from "./reading/http.js";
import { tagsOf } from "./reading/markup.js";

export const PHONE_HEADER = "X-Billfold-Phone";
const PACK_TYPE = "application/vnd.apple.pkpasses";
const PACK_PASSES_MAX = 10,
  PACK_BYTES_MAX = 150 * 1024 * 1024;
const SAVE_PATH = "/gp/v/save/";

/** The link leads to no pass that this phone can take. One clear line for a person. */
export class CannotInstall extends Error {}

/** The bundle behind the page's Apple button, or behind the link itself, or the several of a pack: [{data, lastModified}].
 *  Throws CannotInstall. */
export async function downloadBundles(link) {
  const page = await open(link, "iphone");
  if (isBundle(page)) return bundlesOf(page);
  const button = buttonFor("apple", page);
  if (!button) throw new CannotInstall("that link shows an iPhone no button that adds a pass to Apple Wallet");
  const answer = await open(button, "iphone");
  if (!isBundle(answer))
    throw new CannotInstall(`the page's Apple Wallet button hands over no pass, but ${answer.contentType || "something unnamed"}`);
  return bundlesOf(answer);
}

/** The address behind the page's Google button, or where the link itself leads. Throws CannotInstall. */
export async function findSaveLink(link) {
  if (link.includes(SAVE_PATH)) return link;
  const page = await open(link, "android");
  if (page.url.includes(SAVE_PATH)) return page.url;
  const button = buttonFor("google", page);
  if (!button) throw new CannotInstall("that link shows an Android phone no button that adds a pass to Google Wallet");
  if (button.includes(SAVE_PATH)) return button;
  const led = await open(button, "android");
  if (!led.url.includes(SAVE_PATH)) throw new CannotInstall("the page's Google Wallet button leads to no save link");
  return led.url;
}

/** Where the wallet of the account that a save link belongs to is kept. */
export const walletHome = (saveLink) => saveLink.slice(0, saveLink.indexOf(SAVE_PATH));

async function open(link, phone) {
  let address;
  try {
    address = new URL(link.trim(), location.href);
  } catch {
    throw new CannotInstall("that is no web address");
  }
  if (address.origin !== location.origin) {
    throw new CannotInstall(
      `these phones open links of ${location.origin} alone: they take passes of this installation's test environment`,
    );
  }
  let page;
  try {
    page = await request("GET", address.href, { headers: { [PHONE_HEADER]: phone } });
  } catch (error) {
    if (error instanceof Unreachable) throw new CannotInstall(`the link cannot be opened: ${error.message}`);
    throw error;
  }
  if (page.status >= 400) throw new CannotInstall(`the link cannot be opened: it was answered ${page.status}`);
  return page;
}

const isBundle = (answer) => [PASS_TYPE, PACK_TYPE].includes(answer.contentType);

async function bundlesOf(answer) {
  if (answer.contentType === PASS_TYPE) return [{ data: answer.body, lastModified: answer.header("last-modified") }];
  const files = [...(await unpack(answer.body, PACK_BYTES_MAX))];
  if (files.length < 1 || files.length > PACK_PASSES_MAX || !files.every(([name]) => name.endsWith(".pkpass"))) {
    throw new CannotInstall(`the download holds ${files.length} files, not one to ${PACK_PASSES_MAX} passes`);
  }
  return files.map(([, data]) => ({ data, lastModified: null }));
}

/** The first link that the page marks for this wallet. The page is read, never shown: nothing in it runs or loads. */
function buttonFor(wallet, page) {
  const link = tagsOf(new TextDecoder().decode(page.body), "a").find((one) => one["data-wallet"] === wallet && one.href);
  return link ? new URL(link.href, page.url).href : null;
}
