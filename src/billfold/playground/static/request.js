// From a filled-in form to the request that it stands for. Pure. May not enter: sending it; keys.

/** What a form begins with. `bodyType`: "" where there is none. */
export function begin(operation, ids) {
  const values = {};
  for (const one of operation.parameters) values[one.name] = one.required ? (ids.of(nameOf(one), operation.id)[0] ?? String(one.example)) : "";
  const body = operation.bodies[0];
  return { values, bodyType: body?.type ?? "", text: body?.json ? pretty(ids.into(body.example, operation.id)) : "", file: null };
}

/** `ids` of a query are ids of passes. */
export const nameOf = (parameter) => (parameter.name === "ids" ? "pass_id" : parameter.name);

export const pretty = (value) => JSON.stringify(value, null, 2);

/** The name of the first thing that must be filled in and is not; "" when nothing is missing. */
export function missing(operation, form) {
  return operation.parameters.find((one) => one.required && !form.values[one.name].trim())?.name ?? "";
}

/** { method, path, headers, text, file, keepAs }: `text` or `file` is the body, null without one; `path` with its query; `keepAs` is the
 * name for a file that is answered, "" for text. */
export function build(operation, form) {
  let path = operation.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const one of operation.parameters) {
    const value = form.values[one.name].trim();
    if (one.place === "path") path = path.replace(`{${one.name}}`, encodeURIComponent(value));
    else if (!value) continue;
    else if (one.place === "header") headers[one.name] = value;
    else for (const each of one.kind === "array" ? value.split(/[\s,]+/).filter(Boolean) : [value]) query.append(one.name, each);
  }
  const body = operation.bodies.find((one) => one.type === form.bodyType);
  if (body) headers["Content-Type"] = body.type;
  const asked = query.toString();
  return {
    method: operation.method,
    path: asked ? `${path}?${asked}` : path,
    headers,
    text: body?.json ? form.text : null,
    file: body && !body.json ? form.file : null,
    keepAs: operation.answersFile,
  };
}
