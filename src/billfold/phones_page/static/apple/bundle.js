// Opens a .pkpass as a phone does: unpack under limits, check the manifest, the signature, the certificate, then the pass itself.
// Anything wrong ends in InvalidPass with the reasons. May not enter: network. Source: reference/apple-wallet.md sections 1, 4.7, 9.

import { digest, hex } from "../reading/bytes.js";
import { JsonInvalid, parseObject } from "../reading/strict_json.js";
import { ZipInvalid, unzip } from "../reading/zip.js";
import { findProblems } from "./rules.js";
import { SignatureInvalid, verifySignature } from "./signature.js";

const UNSIGNED = ["manifest.json", "signature"];

/** The phone would not take this file. `reasons` is never empty. */
export class InvalidPass extends Error {
  constructor(...reasons) {
    super(reasons.join("; "));
    this.reasons = reasons;
  }
}

/** {data, files: Map, passJson, manifestDigest, signer}. Throws InvalidPass. */
export async function openBundle(data, root) {
  const files = await unpack(data);
  const manifest = files.get("manifest.json");
  if (!manifest) throw new InvalidPass("the bundle has no manifest.json");
  if (!files.has("signature")) throw new InvalidPass("Signature is missing");
  await checkManifest(manifest, files);
  const signer = await signerOf(manifest, files.get("signature"), root);
  if (!files.has("pass.json")) throw new InvalidPass("the bundle has no pass.json at its root");
  const passJson = readJson("pass.json", files.get("pass.json"));
  const mismatches = ["passTypeIdentifier", "teamIdentifier"]
    .filter((name) => passJson[name] !== signer[name])
    .map(
      (name) =>
        `${name} may not match your certificate: the pass says ${JSON.stringify(passJson[name])}, ` +
        `the certificate ${JSON.stringify(signer[name])}`,
    );
  const problems = [...findProblems(passJson, files), ...mismatches];
  if (problems.length) throw new InvalidPass(...problems);
  return { data, files, passJson, signer, manifestDigest: hex(await digest("SHA-256", manifest)) };
}

/** Name → bytes. Throws InvalidPass. */
export async function unpack(data, bytesMax) {
  try {
    return await unzip(data, bytesMax);
  } catch (error) {
    if (error instanceof ZipInvalid) throw new InvalidPass(error.message);
    throw error;
  }
}

/** Throws InvalidPass unless the manifest names exactly the files of the archive, each with its SHA-1. */
async function checkManifest(manifest, files) {
  const listed = readJson("manifest.json", manifest);
  const present = [...files.keys()].filter((name) => !UNSIGNED.includes(name)).sort();
  const reasons = present.filter((name) => !Object.hasOwn(listed, name)).map((name) => `${name} is not in the manifest`);
  for (const name of Object.keys(listed).sort()) {
    if (!present.includes(name)) reasons.push(`the manifest lists ${name}, which is missing`);
    else if (hex(await digest("SHA-1", files.get(name))) !== listed[name])
      reasons.push(`${name} does not have the SHA-1 that the manifest gives`);
  }
  if (reasons.length) throw new InvalidPass(...reasons);
}

async function signerOf(manifest, signature, root) {
  try {
    return await verifySignature(manifest, signature, root);
  } catch (error) {
    if (error instanceof SignatureInvalid)
      throw new InvalidPass(`Manifest signature did not verify successfully: ${error.message}`);
    throw error;
  }
}

function readJson(name, bytes) {
  try {
    return parseObject(bytes);
  } catch (error) {
    if (error instanceof JsonInvalid) throw new InvalidPass(`${name}: ${error.message}`);
    throw error;
  }
}
