// Preact as pages use it: import { html, render, useState } from "billfold/html.js". May not enter: components.

import htm from "htm";
import { h } from "preact";

export { Fragment, createRef, render } from "preact";
export { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);
