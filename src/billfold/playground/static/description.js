// The OpenAPI document as forms need it: operations with their parameters, bodies, and which ids their answers give.
// May not enter: the page; what was typed.

const METHODS = ["get", "post", "put", "patch", "delete"];
const JSON_TYPE = "application/json";
export const PKPASS = "application/vnd.apple.pkpass";
/** Media type → how names of such files end. */
export const ENDINGS = { [PKPASS]: "pkpass", "application/vnd.apple.pkpasses": "pkpasses", "image/png": "png", "image/svg+xml": "svg" };

/** Every operation, in the document's order. */
export function read(document) {
  const found = [];
  for (const [path, entry] of Object.entries(document.paths)) {
    for (const method of METHODS) if (entry[method]) found.push(operationOf(document, path, method, entry[method]));
  }
  for (const one of found) one.lists = listed(found, one);
  return found;
}

function operationOf(document, path, method, described) {
  return {
    id: described.operationId,
    method: method.toUpperCase(),
    path,
    group: described.tags?.[0] ?? "",
    summary: described.summary ?? "",
    about: described.description ?? "",
    parameters: (described.parameters ?? []).map((one) => parameterOf(document, one)),
    bodies: Object.entries(described.requestBody?.content ?? {})
      .filter(([type]) => type !== "multipart/form-data") // the same bytes as the plain types take
      .map(([type, one]) => bodyOf(document, type, one)),
    answersFile: fileOf(described.responses),
    links: linksOf(described.responses),
  };
}

/** `kind`: text, integer, number, boolean, array or choice. `example`: what works, "" where nothing is known. */
function parameterOf(document, one) {
  const schema = plain(document, one.schema ?? {});
  const example = one.example ?? schema.examples?.[0] ?? (one.required ? schema.default : undefined);
  return {
    name: one.name,
    place: one.in,
    required: Boolean(one.required),
    kind: schema.enum ? "choice" : (schema.type ?? "text"),
    options: schema.enum ?? [],
    standard: schema.default,
    example: example ?? (schema.type === "integer" && one.in === "path" ? 1 : ""),
    hint: one.description ?? schema.description ?? "",
  };
}

function bodyOf(document, type, one) {
  const json = type === JSON_TYPE;
  return { type, json, example: json ? (one.example ?? {}) : null, fields: json ? simpleFields(document, one.schema ?? {}) : [] };
}

/** Members of a body that one input each is enough for. */
function simpleFields(document, given) {
  const properties = plain(document, given).properties ?? {};
  return Object.entries(properties).flatMap(([name, described]) => {
    const schema = plain(document, described);
    const kind = schema.enum ? "choice" : schema.type;
    if (!["choice", "string", "integer", "number", "boolean"].includes(kind)) return [];
    return [{ name, kind, options: schema.enum ?? [], hint: described.description ?? schema.description ?? "" }];
  });
}

/** Without references, and without the null that may stand in its place. */
function plain(document, schema) {
  if (schema.$ref) return plain(document, document.components.schemas[schema.$ref.split("/").at(-1)] ?? {});
  const one = schema.anyOf?.filter((each) => each.type !== "null");
  return one?.length === 1 ? { ...plain(document, one[0]), description: schema.description } : schema;
}

/** How a file is called that this operation answers with; "" where it answers with text. */
function fileOf(responses) {
  const good = Object.entries(responses).find(([status]) => status < "300");
  const types = Object.keys(good?.[1].content ?? {});
  return types.length && !types.includes(JSON_TYPE) ? `answer.${ENDINGS[types[0]] ?? "bin"}` : "";
}

/** Which operation (`to`) takes which id of the answer (`steps` lead to it) as its parameter (`name`). */
function linksOf(responses) {
  const found = [];
  for (const response of Object.values(responses)) {
    for (const link of Object.values(response.links ?? {})) {
      for (const [name, expression] of Object.entries(link.parameters ?? {})) {
        if (!expression.startsWith("$response.body#/")) continue;
        found.push({ to: link.operationId, name, steps: expression.split("#/")[1].split("/") });
      }
    }
  }
  return found;
}

/** The parameter that the items of a list are for: `/v1/brands` gives what `/v1/brands/{brand_id}` takes. */
function listed(all, operation) {
  if (operation.method !== "GET") return null;
  const begin = `${operation.path}/{`;
  const one = all.find((each) => each.path.startsWith(begin) && each.path.endsWith("}"));
  return one ? one.path.slice(begin.length, -1) : null;
}
