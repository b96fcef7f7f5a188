// Finds barcodes in frames, away from the page's thread: the worker that decoder.js starts where the browser has no BarcodeDetector.
// In: {number, frame: ImageData}. Out: {number, codes: [text]} or {number, error}. May not enter: cameras, what a code means.

importScripts("./vendor/zxing-wasm/reader.js");

const { prepareZXingModule, readBarcodes } = ZXingWASM;
const OPTIONS = {
  formats: ["QRCode", "Aztec", "PDF417", "Code128"],
  textMode: "Plain", // exactly what the code holds, not how people would write it
  maxNumberOfSymbols: 4,
};

prepareZXingModule({
  overrides: { locateFile: (name) => new URL(`./vendor/zxing-wasm/${name}`, location.href).href },
  fireImmediately: true,
}).catch(() => {}); // what is wrong is told with the first frame

self.onmessage = async ({ data: { number, frame } }) => {
  try {
    const found = await readBarcodes(frame, OPTIONS);
    self.postMessage({ number, codes: found.filter((one) => one.isValid).map((one) => one.text) });
  } catch (error) {
    self.postMessage({ number, error: String(error?.message ?? error) });
  }
};
