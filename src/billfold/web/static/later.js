// A component of another room, fetched when it is first shown: <Later module=... name="PhonesPanel" ... />. What else it is given, it
// hands on. May not enter: what the component is about.

import { html, useEffect, useState } from "./html.js";

/** `failed`: told the error when the module cannot be had. */
export function Later({ module, name, failed, ...rest }) {
  const [Component, setComponent] = useState(null);
  useEffect(() => {
    import(module).then((found) => setComponent(() => found[name]), failed);
  }, [module, name]);
  return Component ? html`<${Component} ...${rest} />` : null;
}
