// Verifies the detached signature of a manifest against one root. May not enter: the pass itself.
// Sources: reference/apple-wallet.md sections 1.3 and 8; RFC 5652 section 5.

import { digest, same } from "../reading/bytes.js";
import { DerInvalid, INTEGER, OCTET_STRING, SEQUENCE, SET, readOne } from "../reading/der.js";
import { isIssuedBy, readCertificate, verifyRsa } from "./certificates.js";

const DATA = "1.2.840.113549.1.7.1",
  SIGNED_DATA = "1.2.840.113549.1.7.2";
const [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME] = [3, 4, 5].map((number) => `1.2.840.113549.1.9.${number}`);
const DIGESTS = { "1.3.14.3.2.26": "SHA-1", "2.16.840.1.101.3.4.2.1": "SHA-256" };
const RSA_SIGNATURES = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11"];
const USER_ID = "0.9.2342.19200300.100.1.1",
  UNIT = "2.5.4.11";
const CHAIN_MAX = 3;

/** The message says why, in one line. */
export class SignatureInvalid extends Error {}

/** Who signed and when: {passTypeIdentifier, teamIdentifier, signedAt}. Throws SignatureInvalid.
 *  The chain is judged at the signing time, as Wallet does. `root`: a certificate. */
export async function verifySignature(manifest, signature, root) {
  try {
    return await verify(manifest, signature, root);
  } catch (error) {
    if (error instanceof SignatureInvalid) throw error;
    const why = error instanceof DerInvalid ? error.message : "a part is missing or of another kind";
    throw new SignatureInvalid(`not a CMS signature that can be read (${why})`);
  }
}

async function verify(manifest, signature, root) {
  const { certificates, info } = parse(signature);
  const signer = certificates.find((one) => isSigner(one, info));
  if (!signer) throw new SignatureInvalid("the signer's certificate is not in the signature");
  const hash = DIGESTS[info.digest];
  if (!hash) throw new SignatureInvalid(`digest ${info.digest} is neither SHA-1 nor SHA-256`);
  if (!RSA_SIGNATURES.includes(info.algorithm))
    throw new SignatureInvalid(`signature algorithm ${info.algorithm} is not RSA with PKCS #1 v1.5`);
  const signedAt = checkAttributes(info.attributes, await digest(hash, manifest));
  // What is signed is the SET OF attributes; in the message it stands under the tag [0].
  const signed = Uint8Array.from(info.attributes.whole);
  signed[0] = SET;
  if (!(await verifyRsa(signer, hash, info.signature, signed))) {
    throw new SignatureInvalid("the signature was not made by the signer's key over these attributes");
  }
  await checkChain(signer, certificates, root, signedAt);
  return { passTypeIdentifier: nameOf(signer, USER_ID), teamIdentifier: nameOf(signer, UNIT), signedAt };
}

function parse(signature) {
  const [kind, wrapped] = readOne(signature).expect(SEQUENCE).children();
  if (kind.oid() !== SIGNED_DATA) throw new SignatureInvalid("not SignedData");
  const [, , encapsulated, ...rest] = readOne(wrapped.expect(0xa0).content).expect(SEQUENCE).children();
  const [contentType, ...content] = encapsulated.expect(SEQUENCE).children();
  if (contentType.oid() !== DATA || content.length)
    throw new SignatureInvalid("the signature is not detached: it has content of its own");
  const certificates = rest
    .filter((part) => part.tag === 0xa0)
    .flatMap((part) => part.children())
    .map((one) => readCertificate(one.whole));
  const infos = rest.filter((part) => part.tag === SET).flatMap((part) => part.children());
  if (infos.length !== 1) throw new SignatureInvalid(`${infos.length} signers where one belongs`);
  return { certificates, info: parseSigner(infos[0]) };
}

function parseSigner(element) {
  const [, identity, digestKind, attributes, algorithm, signature] = element.expect(SEQUENCE).children();
  if (attributes.tag !== 0xa0) throw new SignatureInvalid("no signed attributes, so no signing time");
  const named = identity.tag === SEQUENCE;
  const [issuer, serial] = named ? identity.children() : [];
  return {
    issuer: issuer?.whole,
    serial: serial?.expect(INTEGER).content,
    subjectKey: named ? null : identity.expect(0x80).content,
    digest: digestKind.children()[0].oid(),
    attributes,
    algorithm: algorithm.children()[0].oid(),
    signature: signature.expect(OCTET_STRING).content,
  };
}

function isSigner(certificate, info) {
  if (info.issuer) return same(info.issuer, certificate.issuer) && same(info.serial, certificate.serial);
  return certificate.subjectKey !== null && same(info.subjectKey, certificate.subjectKey);
}

function checkAttributes(attributes, manifestDigest) {
  const values = new Map();
  for (const attribute of attributes.children()) {
    const [kind, value] = attribute.expect(SEQUENCE).children();
    values.set(kind.oid(), value.expect(SET).children()[0]);
  }
  if (values.get(CONTENT_TYPE)?.oid() !== DATA)
    throw new SignatureInvalid("the signed attribute content-type is missing or not data");
  if (!values.has(MESSAGE_DIGEST)) throw new SignatureInvalid("the signed attribute message-digest is missing");
  if (!same(values.get(MESSAGE_DIGEST).expect(OCTET_STRING).content, manifestDigest)) {
    throw new SignatureInvalid("the manifest was changed after signing, or its line ends were");
  }
  if (!values.has(SIGNING_TIME)) throw new SignatureInvalid("the signed attribute signing-time is missing");
  return values.get(SIGNING_TIME).time();
}

async function checkChain(signer, certificates, root, at) {
  const chain = [signer];
  while (!(await isIssuedBy(chain.at(-1), root))) {
    const above = await findIssuer(chain, certificates);
    if (!above || chain.length > CHAIN_MAX) {
      throw new SignatureInvalid("the certificate trust chain could not be verified: an intermediate is missing or wrong");
    }
    chain.push(above);
  }
  if (chain.length < 2)
    throw new SignatureInvalid("the certificate trust chain could not be verified: the intermediate is missing");
  for (const link of [...chain, root]) {
    if (at < link.begins || at > link.ends)
      throw new SignatureInvalid(`a certificate was not valid when the pass was signed (${at.toISOString()})`);
  }
}

async function findIssuer(chain, certificates) {
  for (const one of certificates) {
    if (!chain.includes(one) && (await isIssuedBy(chain.at(-1), one))) return one;
  }
  return null;
}

function nameOf(certificate, oid) {
  const found = certificate.names.get(oid) ?? [];
  if (found.length !== 1) throw new SignatureInvalid("the signer is no pass certificate: no user id, or no organisational unit");
  return found[0];
}
