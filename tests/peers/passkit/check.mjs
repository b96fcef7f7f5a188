// Answers each line of its input, a pass.json, with one line: what the schemas of passkit-generator (npm) object to, as a list.
// Asked "describe", it answers which keys each schema knows, and their types. Its argument is the folder with node_modules. May not enter: any judgement of ours.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const schemas = await import(pathToFileURL(`${process.argv[2]}/node_modules/passkit-generator/lib/esm/schemas/index.js`).href);

const names = { pass: "PassProps", style: "PassFields", field: "PassFieldContentWithRow", barcode: "Barcode", location: "Location",
    beacon: "Beacon", nfc: "NFC", semantics: "Semantics", upcoming: "UpcomingPassInformationEntry", featuredAction: "FeaturedAction",
    personalization: "Personalize" };

function described(schema) {
    return Object.fromEntries(Object.entries(schema.describe().keys).map(([key, rule]) => [key, rule.type]));
}

for await (const line of createInterface({ input: process.stdin })) {
    // convert: false, so that "5" is no number and a number no text; all faults, not the first alone
    if (line === '"describe"') {
        console.log(JSON.stringify(Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, described(schemas[theirs])]))));
        continue;
    }
    const { error } = schemas.PassProps.validate(JSON.parse(line), { convert: false, abortEarly: false });
    console.log(JSON.stringify(error ? error.details.map((one) => `${one.path.join(".")}: ${one.message}`) : []));
}
