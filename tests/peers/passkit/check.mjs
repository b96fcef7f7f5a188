// Answers each line of its input, a pass.json, with one line: what the schemas of passkit-generator (npm) object to, as a list.
// Its argument is the folder with node_modules. May not enter: any judgement of ours.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const schemas = await import(pathToFileURL(`${process.argv[2]}/node_modules/passkit-generator/lib/esm/schemas/index.js`).href);

for await (const line of createInterface({ input: process.stdin })) {
    // convert: false, so that "5" is no number and a number no text; all faults, not the first alone
    const { error } = schemas.PassProps.validate(JSON.parse(line), { convert: false, abortEarly: false });
    console.log(JSON.stringify(error ? error.details.map((one) => `${one.path.join(".")}: ${one.message}`) : []));
}
