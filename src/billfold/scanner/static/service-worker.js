// Keeps the scanner's page on the device, so that it opens without a network. Served as /scan/service-worker.js, with the list of
// files before it: `const SHELL = [...]`, each under an address whose content never changes.
// May not enter: answers of the API, which are never kept here.

const PAGE = "/scan";
const CACHE = "billfold-scanner-1";
const PATIENCE_MS = 4000;

/** What is new is fetched, what is there already is not; then what no page uses any more goes. */
async function keepShell() {
  const cache = await caches.open(CACHE);
  const have = new Set((await cache.keys()).map((one) => new URL(one.url).pathname));
  await cache.addAll([PAGE, ...SHELL.filter((path) => !have.has(path))]);
}

async function forgetOld() {
  const cache = await caches.open(CACHE);
  const wanted = new Set([PAGE, ...SHELL]);
  for (const one of await cache.keys()) if (!wanted.has(new URL(one.url).pathname)) await cache.delete(one);
}

/** The server's page while it answers in time, so that a new release is seen; else the one that is kept. */
async function page(request) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) return answer;
  } catch {
    // no network
  }
  return (await caches.match(PAGE)) ?? Response.error();
}

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOld().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === PAGE) event.respondWith(page(request));
  else if (SHELL.includes(pathname)) event.respondWith(caches.match(pathname).then((kept) => kept ?? fetch(request)));
});
