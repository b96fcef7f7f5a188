// X.509 certificates, as far as a phone looks at them: who, by whom, for how long, and may it issue others.
// May not enter: signatures of messages. Source: RFC 5280.

import { same } from "../reading/bytes.js";
import { BIT_STRING, BOOLEAN, DerInvalid, INTEGER, OCTET_STRING, SEQUENCE, readOne } from "../reading/der.js";

const BASIC_CONSTRAINTS = "2.5.29.19",
  SUBJECT_KEY = "2.5.29.14";
const HASH_OF_SIGNATURE = { "1.2.840.113549.1.1.5": "SHA-1", "1.2.840.113549.1.1.11": "SHA-256" };
const RSA = "1.2.840.113549.1.1.1";

/** Throws DerInvalid. `issuer`, `subject` are DER; `names`: object identifier → texts of the subject. */
export function readCertificate(der) {
  const [body, algorithm, signature] = readOne(der).expect(SEQUENCE).children();
  const parts = body.expect(SEQUENCE).children();
  if (parts[0].tag === 0xa0) parts.shift();
  const [serial, , issuer, validity, subject, key, ...rest] = parts;
  const [begins, ends] = validity.children().map((one) => one.time());
  const extensions = extensionsOf(rest);
  return {
    body: body.whole,
    hash: HASH_OF_SIGNATURE[algorithm.children()[0].oid()],
    signature: signature.expect(BIT_STRING).content.subarray(1),
    serial: serial.expect(INTEGER).content,
    issuer: issuer.whole,
    subject: subject.whole,
    names: namesOf(subject),
    key: key.whole,
    isRsa: key.children()[0].children()[0].oid() === RSA,
    begins,
    ends,
    mayIssue: mayIssue(extensions.get(BASIC_CONSTRAINTS)),
    subjectKey: extensions.has(SUBJECT_KEY) ? readOne(extensions.get(SUBJECT_KEY)).expect(OCTET_STRING).content : null,
  };
}

/** The first certificate of a PEM file. */
export function readPem(text) {
  const found = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(text);
  if (!found) throw new DerInvalid("no certificate");
  return readCertificate(Uint8Array.from(atob(found[1].replace(/\s/g, "")), (one) => one.charCodeAt(0)));
}

/** Whether `issuer` may issue certificates and signed this one. */
export async function isIssuedBy(certificate, issuer) {
  if (!issuer.mayIssue || !same(certificate.issuer, issuer.subject) || !certificate.hash) return false;
  return verifyRsa(issuer, certificate.hash, certificate.signature, certificate.body);
}

/** Whether the certificate's key made `signature` (PKCS #1 v1.5) over `data`. */
export async function verifyRsa(certificate, hash, signature, data) {
  if (!certificate.isRsa) return false;
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
  const key = await crypto.subtle.importKey("spki", certificate.key, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, data);
}

function namesOf(subject) {
  const names = new Map();
  for (const set of subject.children()) {
    for (const pair of set.children()) {
      const [kind, value] = pair.children();
      names.set(kind.oid(), [...(names.get(kind.oid()) ?? []), value.text()]);
    }
  }
  return names;
}

function extensionsOf(rest) {
  const found = new Map();
  const block = rest.find((one) => one.tag === 0xa3);
  for (const one of block ? readOne(block.content).expect(SEQUENCE).children() : []) {
    const parts = one.children();
    found.set(parts[0].oid(), parts.at(-1).expect(OCTET_STRING).content);
  }
  return found;
}

function mayIssue(constraints) {
  if (!constraints) return false;
  const [first] = readOne(constraints).expect(SEQUENCE).children();
  return first?.tag === BOOLEAN && first.content[0] !== 0;
}
