// Every page loads this: it brings the widgets of the server's HTML to life. May not enter: anything that one page alone needs.

import { copies } from "./copy.js";
import { dialogs } from "./dialog.js";
import { tabs } from "./tabs.js";

copies();
dialogs();
document.querySelectorAll(".tabs").forEach((one) => tabs(one));
