"""Takes a CMS signature apart, as lenient as BER allows: who signed, what, when, with which certificates inside.

Only reads; signing.py makes signatures. Raises NotCms and nothing else, whatever the bytes. May not enter: whether the signature is
good (signature_rules.py), trust, the clock. Source: RFC 5652; ITU-T X.690."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

DATA, SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _UTC_TIME, _GENERALIZED_TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x17, 0x18
_CONSTRUCTED_OCTETS, _CONTEXT_0, _CONTEXT_0_PRIMITIVE = 0x24, 0xA0, 0x80
_X509_ERRORS = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)
_DEPTH_MAX = 16
_CERTIFICATES_MAX = 16
_BYTES_MAX = 256 * 1024


class NotCms(Exception):
    """The bytes are no SignedData that can be read."""


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """Who signed, by issuer and serial number or by key identifier, and what. `attributes`: as signed, a SET; None without any."""

    issuer: bytes | None
    serial: int | None
    key_identifier: bytes | None
    digest: str
    attributes: bytes | None
    content_type: str | None
    message_digest: bytes | None
    signed_at: datetime | None
    algorithm: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedData:
    """`content`: what is signed, when it is inside; None when the signature is detached."""

    content: bytes | None
    certificates: tuple[x509.Certificate, ...]
    signers: tuple[SignerInfo, ...]


@dataclass(frozen=True, slots=True)
class _Element:
    """One element: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> Iterator["_Element"]:
        rest = memoryview(self.content)
        while len(rest):
            child, used = _read(rest, 0)
            yield child
            rest = rest[used:]

    def first(self) -> "_Element":
        child = next(self.children(), None)
        if child is None:
            raise NotCms
        return child

    def expect(self, tag: int) -> "_Element":
        if self.tag != tag:
            raise NotCms
        return self

    def octets(self) -> bytes:
        """An OCTET STRING, also one in pieces."""
        if self.tag in (_CONSTRUCTED_OCTETS, _CONTEXT_0):
            return b"".join(piece.octets() for piece in self.children())
        if self.tag not in (_OCTETS, _CONTEXT_0_PRIMITIVE):
            raise NotCms
        return self.content

    def oid(self) -> str:
        self.expect(_OID)
        numbers, value = list[int](), 0
        for byte in self.content[:64]:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        if not numbers:
            raise NotCms
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _read(data: memoryview, depth: int) -> tuple[_Element, int]:
    """The first element, and how many bytes it takes. Lengths may be indefinite, as streaming signers write them."""
    if len(data) < 2 or depth > _DEPTH_MAX or data[0] & 0x1F == 0x1F:
        raise NotCms
    tag, length, head = data[0], data[1], 2
    if length == 0x80:
        return _read_indefinite(data, tag, depth)
    if length & 0x80:
        count = length & 0x7F
        if count > 4 or len(data) < 2 + count:
            raise NotCms
        head = 2 + count
        length = int.from_bytes(data[2:head], "big")
    if head + length > len(data):
        raise NotCms
    return _Element(tag, bytes(data[head : head + length]), bytes(data[: head + length])), head + length


def _read_indefinite(data: memoryview, tag: int, depth: int) -> tuple[_Element, int]:
    at = 2
    while bytes(data[at : at + 2]) != b"\0\0":
        at += _read(data[at:], depth + 1)[1]
    return _Element(tag, bytes(data[2:at]), bytes(data[: at + 2])), at + 2


def read_signed_data(data: bytes) -> SignedData:
    """Raises NotCms."""
    if len(data) > _BYTES_MAX:
        raise NotCms
    try:
        return _signed_data(data)
    except (ValueError, IndexError, OverflowError, RecursionError) as error:
        raise NotCms from error


def _signed_data(data: bytes) -> SignedData:
    kind, wrapped = _read(memoryview(data), 0)[0].expect(_SEQUENCE).children()
    if kind.oid() != SIGNED_DATA:
        raise NotCms
    [inner] = wrapped.expect(_CONTEXT_0).children()
    _version, _digests, encapsulated, *rest = inner.expect(_SEQUENCE).children()
    _content_type, *content = encapsulated.expect(_SEQUENCE).children()
    listed = [child for part in rest if part.tag == _CONTEXT_0 for child in part.children() if child.tag == _SEQUENCE]
    signers = [child for part in rest if part.tag == _SET for child in part.children()]
    return SignedData(
        content=content[0].octets() if content else None,
        certificates=tuple(one for child in listed[:_CERTIFICATES_MAX] if (one := _certificate(child.whole)) is not None),
        signers=tuple(_signer(one) for one in signers[:_CERTIFICATES_MAX]),
    )


def _certificate(der: bytes) -> x509.Certificate | None:
    """None unless every part that anybody will ask for can be read: the library parses them late."""
    try:
        one = x509.load_der_x509_certificate(der)
        parts = (one.issuer.public_bytes(), one.subject.public_bytes(), one.not_valid_before_utc, one.not_valid_after_utc)
        return one if all(parts) and one.extensions is not None and one.signature_algorithm_oid is not None else None
    except (ValueError, TypeError, UnsupportedAlgorithm, *_X509_ERRORS):
        return None


def _signer(info: _Element) -> SignerInfo:
    _version, identity, digest, *rest = info.expect(_SEQUENCE).children()
    issuer, serial, key_identifier = None, None, None
    if identity.tag == _SEQUENCE:
        name, number = identity.children()
        issuer, serial = name.whole, int.from_bytes(number.expect(_INTEGER).content, "big", signed=True)
    else:
        key_identifier = identity.octets()
    attributes = rest.pop(0) if rest and rest[0].tag == _CONTEXT_0 else None
    algorithm, signature, *_ = rest
    values = _attributes(attributes) if attributes else {}
    return SignerInfo(
        issuer=issuer,
        serial=serial,
        key_identifier=key_identifier,
        digest=digest.first().oid(),
        # In the message they stand under the tag [0]; what is signed is the SET (RFC 5652 section 5.4).
        attributes=bytes((_SET,)) + attributes.whole[1:] if attributes else None,
        content_type=values[_CONTENT_TYPE].oid() if _CONTENT_TYPE in values else None,
        message_digest=values[_MESSAGE_DIGEST].octets() if _MESSAGE_DIGEST in values else None,
        signed_at=_time(values[_SIGNING_TIME]) if _SIGNING_TIME in values else None,
        algorithm=algorithm.first().oid(),
        signature=signature.octets(),
    )


def _attributes(listed: _Element) -> dict[str, _Element]:
    """Kind → its first value."""
    values: dict[str, _Element] = {}
    for attribute in listed.children():
        kind, members, *_ = attribute.expect(_SEQUENCE).children()
        first = next(members.expect(_SET).children(), None)
        if first is not None:
            values.setdefault(kind.oid(), first)
    return values


def _time(element: _Element) -> datetime | None:
    text = element.content[:32].decode("ascii")
    if element.tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        return None
    for form in ("%Y%m%d%H%M%SZ", "%Y%m%d%H%MZ"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
