// Where this page's requests go: `/v1` as the signed-in person, in the environment that the page is about. May not enter: requests.

const said = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

/** `/studio/test/v1`, and the console's own pages `/studio/test`. */
export const API = said("api");
export const HOME = said("home");
