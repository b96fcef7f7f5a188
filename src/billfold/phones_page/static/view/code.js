// Draws the code that is in the pass, as modules on white. The encoder is zxing-cpp, loaded when the first code is drawn.
// May not enter: which code a pass has.

import { html, useEffect, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

const FORMATS = {
  QR: "QRCode", PDF417: "PDF417", Aztec: "Aztec", Code128: "Code128", Code39: "Code39", Codabar: "Codabar", EAN13: "EAN13",
  EAN8: "EAN8", I2of5: "ITF", ITF14: "ITF", UPCA: "UPCA", DataMatrix: "DataMatrix",
}; // prettier-ignore
const LINEAR = ["Code128", "Code39", "Codabar", "EAN13", "EAN8", "I2of5", "ITF14", "UPCA"];
const QUIET = 4,
  LINEAR_QUIET = 10;
const WASM = new URL("../vendor/zxing/writer/zxing_writer.wasm", import.meta.url).href;

let encoder = null;

async function load() {
  const writer = await import("../vendor/zxing/writer/index.js");
  await writer.prepareZXingModule({ overrides: { locateFile: () => WASM }, fireImmediately: true });
  return writer;
}

/** {width, height, path}, or null where that text cannot be written in that format. */
async function draw({ format, message }) {
  if (!FORMATS[format]) return null;
  encoder ??= load();
  const { writeBarcode } = await encoder;
  const { symbol, error } = await writeBarcode(message, { format: FORMATS[format], scale: 1, addQuietZones: false });
  if (error || !symbol?.width) return null;
  const linear = LINEAR.includes(format);
  const rows = linear ? 1 : symbol.height;
  let path = "";
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < symbol.width; x += 1) {
      let end = x;
      while (end < symbol.width && symbol.data[y * symbol.width + end] === 0) end += 1;
      if (end > x) path += `M${x} ${y}h${end - x}v1h${x - end}z`;
      x = end;
    }
  }
  return { width: symbol.width, height: rows, path, linear };
}

/** `code`: {format, message, text} or null. */
export function Code({ code }) {
  const [drawn, setDrawn] = useState(null);
  const { format, message } = code ?? {};
  useEffect(() => {
    let wanted = true;
    setDrawn(null);
    if (message)
      draw({ format, message })
        .catch(() => null)
        .then((one) => wanted && setDrawn(one ?? "text"));
    return () => {
      wanted = false;
    };
  }, [format, message]);
  if (!code) return null;
  return html`<figure class="code-panel" data-format=${format} data-message=${message}>
    ${drawn === "text" && html`<p class="code-text">${message}</p>`}
    ${drawn && drawn !== "text" && html`<${Modules} ...${drawn} label=${say("code_of", { format })} />`}
    ${code.text && html`<figcaption>${code.text}</figcaption>`}
  </figure>`;
}

function Modules({ width, height, path, linear, label }) {
  const quiet = linear ? LINEAR_QUIET : QUIET;
  const tall = linear ? Math.max(width * 0.28, 20) : height;
  const box = linear
    ? `${-quiet} 0 ${width + 2 * quiet} ${tall}`
    : `${-quiet} ${-quiet} ${width + 2 * quiet} ${height + 2 * quiet}`;
  const look = width > 2 * height || linear ? "modules wide" : "modules";
  return html`<svg viewBox=${box} role="img" aria-label=${label} shape-rendering="crispEdges" class=${look}>
    <path d=${path} transform=${linear ? `scale(1 ${tall})` : null} />
  </svg>`;
}
