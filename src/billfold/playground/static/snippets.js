// A request as code that runs as it stands: curl, Python's standard library, JavaScript's fetch. The key comes from the environment.
// Pure. May not enter: a key.

const KEY = "BILLFOLD_KEY";

export const SNIPPETS = { curl, python, javascript };

/** `origin`: of the server. `request`: as request.js builds it. */
export function curl(origin, request) {
  const lines = [`curl --silent --show-error --request ${request.method} ${shell(origin + request.path)}`];
  lines.push(`--header "Authorization: Bearer $${KEY}"`);
  for (const [name, value] of Object.entries(request.headers)) lines.push(`--header ${shell(`${name}: ${value}`)}`);
  if (request.text !== null) lines.push(`--data-raw ${shell(request.text)}`);
  if (request.file) lines.push(`--data-binary ${shell(`@${request.file.name}`)}`);
  if (request.keepAs) lines.push(`--output ${shell(request.keepAs)}`);
  return lines.join(" \\\n  ");
}

export function python(origin, request) {
  const headers = Object.entries(request.headers).map(([name, value]) => `        ${quoted(name)}: ${quoted(value)},\n`);
  const body = request.file ? `open(${quoted(request.file.name)}, "rb").read()` : request.text === null ? "" : `${pythonText(request.text)}.encode()`;
  return `import os
import urllib.error
import urllib.request

request = urllib.request.Request(
    ${quoted(origin + request.path)},
    method=${quoted(request.method)},
    headers={
        "Authorization": "Bearer " + os.environ["${KEY}"],
${headers.join("")}    },
${body && `    data=${body},\n`})
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as refused:
    answer = refused
print(answer.status)
${request.keepAs ? `open(${quoted(request.keepAs)}, "wb").write(answer.read())` : "print(answer.read().decode())"}
`;
}

export function javascript(origin, request) {
  const headers = Object.entries(request.headers).map(([name, value]) => `    ${quoted(name)}: ${quoted(value)},\n`);
  const body = request.file ? `await readFile(${quoted(request.file.name)})` : request.text === null ? "" : scriptText(request.text);
  const files = [request.file && "readFile", request.keepAs && "writeFile"].filter(Boolean).join(", ");
  return `${files && `import { ${files} } from "node:fs/promises";\n\n`}const answer = await fetch(${quoted(origin + request.path)}, {
  method: ${quoted(request.method)},
  headers: {
    Authorization: \`Bearer \${process.env.${KEY}}\`,
${headers.join("")}  },
${body && `  body: ${body},\n`}});
console.log(answer.status);
${request.keepAs ? `await writeFile(${quoted(request.keepAs)}, new Uint8Array(await answer.arrayBuffer()));` : "console.log(await answer.text());"}
`;
}

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** JSON's strings are strings of Python and JavaScript too. */
const quoted = (text) => JSON.stringify(text);

/** As it was typed where three quotes can hold it. */
function pythonText(text) {
  const holds = text.includes("\n") && !text.includes("'''") && !/['\\\r]$/.test(text) && !text.includes("\r");
  return holds ? `r'''${text}'''` : quoted(text);
}

/** As an object where that says the same; \`__proto__\` and numbers beyond a double do not. */
function scriptText(text) {
  try {
    const same = !text.includes("__proto__") && !/\d{16}/.test(text) && !/[eE][+-]?\d/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ""));
    if (same) return `JSON.stringify(${JSON.stringify(JSON.parse(text), null, 2).replaceAll("\n", "\n  ")})`;
  } catch {
    // no JSON: sent as it was typed
  }
  return quoted(text);
}
