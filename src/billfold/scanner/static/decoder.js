// Finds the barcodes in a picture of a camera: by the browser itself where it can, else by the decoder that ships with us.
// May not enter: cameras, what a code means.

import { workerAddress } from "billfold/trusted.js";

const NEEDED = ["qr_code", "aztec", "pdf417", "code_128"]; // what passes carry

/** A decoder: `find(video)` gives the texts of the codes in its present frame, `close()` ends it. `kind`: "browser" or "shipped". */
export async function createDecoder() {
  const formats = "BarcodeDetector" in self ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  return NEEDED.every((one) => formats.includes(one)) ? ofBrowser() : shipped();
}

function ofBrowser() {
  const detector = new BarcodeDetector({ formats: NEEDED });
  return {
    kind: "browser",
    find: async (video) => (await detector.detect(video)).map((one) => one.rawValue),
    close() {},
  };
}

function shipped() {
  const worker = new Worker(workerAddress(new URL("./decoder-worker.js", import.meta.url)));
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  const waiting = new Map();
  let last = 0;

  worker.onmessage = ({ data: { number, codes, error } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error) reject(new Error(error));
    else resolve(codes);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message ?? "the decoder did not start"));
    waiting.clear();
  };
  return {
    kind: "shipped",
    find(video) {
      const scale = Math.min(1, 1280 / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      const frame = pen.getImageData(0, 0, canvas.width, canvas.height);
      const number = ++last;
      return new Promise((resolve, reject) => {
        waiting.set(number, { resolve, reject });
        worker.postMessage({ number, frame }, [frame.data.buffer]);
      });
    },
    close: () => worker.terminate(),
  };
}
