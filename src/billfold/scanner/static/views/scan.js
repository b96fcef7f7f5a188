// Looking for a code: the camera, or the code typed by hand. Readers that type need no screen. At a gate the outcome stands below.

import { html, useEffect, useRef, useState } from "billfold/html.js";
import { say } from "billfold/texts.js";

import { CameraTrouble, onlyNew, watch } from "../camera.js";
import { createDecoder } from "../decoder.js";
import { Told } from "./outcome.js";
import { Heading, Trouble } from "./parts.js";

export function Scan({ till }) {
  const gate = till.session.gate;
  return html`<section class="screen scan">
    <${Heading}>${gate ? say(`gate.${gate}`) : say("scan.title")}<//>
    <${Camera} till=${till} />
    ${gate && till.outcome && html`<${Told} till=${till} />`}
    <${Trouble} text=${till.trouble} />
    <${ByHand} till=${till} />
  </section>`;
}

function Camera({ till }) {
  const video = useRef(null);
  const [trouble, setTrouble] = useState("");
  const [watching, setWatching] = useState(null);
  const [lit, setLit] = useState(false);
  const visible = useVisible();

  useEffect(() => {
    if (!visible) return undefined;
    let over = false;
    let stop = () => {};
    (async () => {
      const decoder = await createDecoder();
      const watched = over ? null : await watch(video.current, decoder, onlyNew((code) => till.read(code), till.code)).catch((error) => void (over || setTrouble(kindOf(error))));
      stop = () => (watched?.stop(), decoder.close());
      if (over) stop();
      else if (watched) setWatching(watched);
    })();
    return () => {
      over = true;
      stop();
      setWatching(null);
    };
  }, [visible]);

  const light = async () => {
    await watching.torch(!lit);
    setLit(!lit);
  };
  return html`<div class="camera">
    <video ref=${video} muted playsinline aria-label=${say("scan.camera")} hidden=${Boolean(trouble)}></video>
    ${trouble ? html`<p class="note warn">${say(`camera.${trouble}`)}</p>` : html`<div class="aim" aria-hidden="true"></div>`}
    ${watching?.torch && html`<button type="button" class="button small lamp" aria-pressed=${lit} onClick=${light}>${say("scan.lamp")}</button>`}
  </div>`;
}

function kindOf(error) {
  if (error instanceof CameraTrouble) return error.why;
  throw error;
}

// A hidden page lets go of the camera: for the battery, and for others who want it.
function useVisible() {
  const [visible, setVisible] = useState(document.visibilityState === "visible");
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}

function ByHand({ till }) {
  const [code, setCode] = useState("");
  const submit = (event) => {
    event.preventDefault();
    till.read(code);
    setCode("");
  };
  return html`<form class="by-hand" onSubmit=${submit}>
    <div class="field">
      <label for="typed">${say("scan.typed")}</label>
      <input id="typed" value=${code} onInput=${(event) => setCode(event.target.value)} autocomplete="off" autocapitalize="none" spellcheck=${false} maxlength="500" />
    </div>
    <button class="button" disabled=${!code.trim() || till.busy}>${say("scan.find")}</button>
  </form>`;
}
