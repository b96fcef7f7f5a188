"""How fast a fresh Apple pass is built and signed, against what this core's OpenSSL can sign at all.

One pass: a store card with nine PNGs of 200 KB together; serial number, token, name, points, tier and barcode differ in each.
Timed: content → rules.check → pass.json → manifest → signature → archive, in the pieces that the server sends: the pictures, which
passes share, and the rest. Beside it the same as one string, which copies the pictures. Every kind of pass is first checked by
openssl and unzip. Bar: 0.88 of the limit (issue 2). Run: `python3 run.py bench sign`, or with `--help`.

The limit is what the system's OpenSSL signs (EVP_PKEY_sign, RSA-2048) on the same pinned core, in turns of some ten milliseconds
with ours: on a shared machine whole seconds differ by a third, so that samples of `openssl speed`, which takes one at least, say
little. It is run too, between the rounds, and its figure told. Each figure is the median of the rounds' ratios.

One at a time is what a single request gets. Eight at a time is what packs, batches and a busy server get, where five signatures or
more wait together and the processor has lanes for them (ADR 11); the limit stays OpenSSL, which signs one after the other."""

import argparse
import ctypes
import ctypes.util
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import cryptography
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from msgspec.structs import replace

from billfold.domain.bundles import Bundle
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, Location, Style
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.passes import Pass
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from billfold.signers import lanes
from billfold.wallets.apple import bundle, languages, rules
from billfold.wallets.apple.certificates import load_apple_credential
from billfold.wallets.apple.languages import Files
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from billfold.wallets.apple.signing import Signer
from common import picture, progress

BAR = 0.88
PASSES = 64
CALLS = 48  # a multiple of eight, so that each turn makes whole rounds
TURNS = 12
PASS_TYPE, TEAM = "pass.org.example.card", "ABCDE12345"
SCOPE = Scope("bench0", Environment.TEST)


@dataclass(frozen=True)
class Workshop:
    """Everything that stands still while passes are made."""

    signer: Signer
    body: bundle.Body
    passes: list[tuple[Pass, Content, IssuingFacts]]
    at: int


def pictures() -> list[tuple[str, bytes]]:
    noise = random.Random(1)
    sizes = {"icon": (38, 38), "logo": (160, 50), "strip": (375, 144)}
    files = []
    for name, (width, height) in sizes.items():
        for scale, suffix in ((1, ""), (2, "@2x"), (3, "@3x")):
            flat = name == "strip" and scale > 1
            files.append((f"{name}{suffix}.png", picture(width * scale, height * scale, None if flat else noise)))
    return files


def content(number: int) -> Content:
    terms = "Points are added within a minute of each purchase and stay for two years. " * 6
    return Content(
        organization_name="Corner Coffee",
        description="Corner Coffee loyalty card",
        style=Style.STORE_CARD,
        logo_text="Corner Coffee",
        header=(Field("points", str(1000 + number), "POINTS", "You now have %@ points"),),
        primary=(Field("name", f"Holder {number}", "MEMBER"),),
        secondary=(Field("tier", ("Silver", "Gold", "Onyx")[number % 3], "TIER", "Welcome to %@"), Field("since", "2024", "SINCE")),
        auxiliary=(Field("shop", "Lange Gasse 3", "YOUR SHOP"),),
        back=(
            Field("terms", terms, "Terms"),
            Field("contact", "hello@coffee.example, +43 1 234 5678", "Contact"),
            Field("card", f"C-{number:08}", "Card number"),
        ),
        barcode=Barcode(BarcodeFormat.QR, f"https://coffee.example/c/{number:012}", f"C-{number:08}"),
        background_color="#3b2417",
        foreground_color="#ffffff",
        label_color="#e8d5c4",
        locations=tuple(Location(48.2 + n / 100, 16.35, relevant_text="A coffee is around the corner") for n in range(3)),
        expires_at=1_900_000_000,
    )


def one_pass(number: int, at: int) -> Pass:
    return Pass(
        id=pass_id(SCOPE, number.to_bytes(16, "big")),
        scope=SCOPE,
        content=None,
        fingerprint="",
        number=number,
        issued_number=number,
        issued_at_ms=at * 1000,
        updated_at_ms=at * 1000,
        pass_type=PASS_TYPE,
        issuer_id="",
    )


def workshop(certificate: IssuedCertificate) -> Workshop:
    credential = load_apple_credential(
        certificate.certificate_pem, certificate.key_pem, None, [certificate.intermediate_pem], datetime.now(UTC)
    )
    at = int(time.time())
    made = []
    for number in range(PASSES):
        facts = IssuingFacts(PASS_TYPE, TEAM, "https://wallet.example/apple/bench0t", f"{number:064x}")
        made.append((one_pass(number, at), content(number), facts))
    return Workshop(Signer(credential), bundle.Body(pictures()), made, at)


def document(shop: Workshop, number: int) -> bytes:
    pass_, content_, facts = shop.passes[number % PASSES]
    findings = rules.check(content_)
    if findings and findings[0].severity == rules.ERROR:
        raise ValueError(findings)
    return pass_json(pass_, content_, facts)


def begun(shop: Workshop, number: int) -> bundle.Unsealed:
    return bundle.Unsealed(shop.body, document(shop, number), shop.signer, shop.at)


WORDS = {
    "description": "Treuekarte",
    "fields.points.label": "PUNKTE",
    "fields.points.change_message": "Du hast jetzt %@ Punkte",
    "fields.name.label": "MITGLIED",
    "fields.tier.label": "STUFE",
    "fields.shop.label": "GESCHÄFT",
    "fields.terms.label": "Bedingungen",
    "fields.terms.value": "Punkte sind zwei Jahre gültig. " * 12,
    "fields.contact.label": "Kontakt",
}


def translated(shop: Workshop) -> Callable[[int], bundle.Unsealed]:
    """The same passes with three more languages: judged, keyed, and built on a body that has the strings."""
    words = dict.fromkeys(("de", "fr", "it"), WORDS)  # one object, as all passes of a template share it
    contents = [replace(one, language="en", translations=words) for _, one, _ in shop.passes]
    bodies: dict[Files, bundle.Body] = {}

    def begin(number: int) -> bundle.Unsealed:
        pass_, _, facts = shop.passes[number % PASSES]
        content_ = contents[number % PASSES]
        if any(one.severity == rules.ERROR for one in rules.check(content_)):
            raise ValueError("the benchmark's content is refused")
        keyed, strings = languages.localized(content_)
        body = bodies.get(strings) or bodies.setdefault(strings, bundle.Body(strings, before=shop.body))
        return bundle.Unsealed(body, pass_json(pass_, keyed, facts), shop.signer, shop.at)

    return begin


def in_pieces(shop: Workshop, begin: Callable[[int], bundle.Unsealed]) -> Callable[[int], Bundle]:
    def build(number: int) -> Bundle:
        unsealed = begin(number)
        return unsealed.sealed(shop.signer.rsa(unsealed.digest))

    return build


def as_string(build: Callable[[int], Bundle]) -> Callable[[int], bytes]:
    return lambda number: bytes(build(number))


class Together:
    """Passes that wait until eight can be signed in one round: one a call, and the eighth call ends the round."""

    def __init__(
        self,
        begin: Callable[[int], bundle.Unsealed],
        maker: lanes.Lanes,
        key: rsa.RSAPrivateKey,
        finish: Callable[[bundle.Unsealed, bytes], object],
    ):
        lane_key = maker.key(key)
        assert lane_key is not None
        self._begin, self._maker, self._key, self._finish = begin, maker, lane_key, finish
        self._waiting: list[bundle.Unsealed] = []

    def __call__(self, number: int) -> list[object]:
        """The passes of the round that this call ended; nothing while they wait."""
        waiting = self._waiting
        waiting.append(self._begin(number))
        if len(waiting) < lanes.LANES:
            return []
        signatures = self._maker.sign([(self._key, one.digest) for one in waiting])
        assert signatures is not None
        made = [self._finish(one, signature) for one, signature in zip(waiting, signatures, strict=True)]
        waiting.clear()
        return made


def together(shop: Workshop, key: rsa.RSAPrivateKey) -> dict[str, Callable[[int], object]]:
    """Eight at a time; nothing where the processor or the library lacks the lanes."""
    maker = lanes.opened()
    if maker is None:
        return {}
    return {
        "pieces_together": Together(partial(begun, shop), maker, key, bundle.Unsealed.sealed),
        "translated_together": Together(translated(shop), maker, key, bundle.Unsealed.sealed),
    }


def judged(data: bytes, certificate: IssuedCertificate, folder: Path) -> None:
    """Stops the run unless openssl and unzip accept this pass."""
    (folder / "root.pem").write_bytes(certificate.root_pem)
    (folder / "pass.pkpass").write_bytes(data)
    quiet = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["unzip", "-t", "pass.pkpass"], **quiet)
    subprocess.run(["unzip", "-qo", "pass.pkpass", "manifest.json", "signature"], **quiet)
    for tool in ("smime", "cms"):
        command = f"openssl {tool} -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any"
        subprocess.run([*command.split(), "-out", os.devnull], **quiet)


def openssl_signs_per_second() -> float:
    """System OpenSSL's own figure, per CPU second."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "rsa2048"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"rsa +2048 bits(?: +[\d.]+s)+ +([\d.]+)", out)  # seconds for each operation, then operations a second
    assert found, out
    return float(found[1])


def libcrypto_sign(key_pem: bytes) -> Callable[[int], object]:
    """The call that `openssl speed rsa2048` repeats, of the system's library. What Python adds to it is below a microsecond."""
    name = ctypes.util.find_library("crypto")
    if name is None:
        sys.exit("this benchmark needs OpenSSL's libcrypto; on Debian: apt-get install libssl3")
    library = ctypes.CDLL(name)
    for function in ("BIO_new_mem_buf", "PEM_read_bio_PrivateKey", "EVP_PKEY_CTX_new"):
        getattr(library, function).restype = ctypes.c_void_p
    pem = ctypes.c_void_p(library.BIO_new_mem_buf(key_pem, len(key_pem)))
    key = ctypes.c_void_p(library.PEM_read_bio_PrivateKey(pem, None, None, None))
    context = ctypes.c_void_p(library.EVP_PKEY_CTX_new(key, None))
    assert library.EVP_PKEY_sign_init(context) == 1
    signature, length, message = ctypes.create_string_buffer(256), ctypes.c_size_t(256), bytes(36)
    arguments = (context, signature, ctypes.byref(length), message, ctypes.c_size_t(36))
    sign = library.EVP_PKEY_sign
    assert sign(*arguments) == 1
    assert length.value == 256
    return lambda _: sign(*arguments)


def rates(kinds: dict[str, Callable[[int], object]], turns: int) -> dict[str, float]:
    """Calls per CPU second of each kind, taken in short turns, so that what neighbours do strikes all kinds alike."""
    spent = dict.fromkeys(kinds, 0.0)
    for turn in range(turns):
        for name, act in kinds.items():
            start = time.process_time()
            for number in range(turn * CALLS, (turn + 1) * CALLS):
                act(number)
            spent[name] += time.process_time() - start
    return {name: turns * CALLS / seconds for name, seconds in spent.items()}


def measure(kinds: dict[str, Callable[[int], object]], rounds: int) -> dict[str, list[float]]:
    """Of each round: what each kind made a second, and over what "limit" made as `..._share`."""
    rates(kinds, TURNS)
    names = ("openssl_speed", *kinds, *(f"{kind}_share" for kind in kinds))
    series: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}", last=number + 1 == rounds)
        for name, value in (got := rates(kinds, TURNS)).items():
            series[name].append(value)
            series[f"{name}_share"].append(value / got["limit"])
        series["openssl_speed"].append(openssl_signs_per_second())
    return series


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="one line of figures")
    options.add_argument("--languages", action="store_true", help="passes with three more languages too (slows the others' caches)")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--core", type=int, default=None, help="the core to stay on (Linux)")
    given = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {given.core if given.core is not None else max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate = SandboxAuthority.open(folder / "authority").issue_pass_certificate(PASS_TYPE, TEAM)
        shop = workshop(certificate)
        pieces, in_languages = in_pieces(shop, partial(begun, shop)), in_pieces(shop, translated(shop))
        for number in range(3):
            judged(bytes(pieces(number)), certificate, folder)
            judged(bytes(in_languages(number)), certificate, folder)
        key = serialization.load_pem_private_key(certificate.key_pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        more = together(shop, key)
        if more:
            of_eight = [more["pieces_together"](number) for number in range(lanes.LANES)][-1]
            alone = [bytes(pieces(number)) for number in range(lanes.LANES)]
            assert [bytes(one) for one in of_eight] == alone, "the same bytes, however signed"
        if given.languages:
            more |= {"translated": in_languages, "translated_string": as_string(in_languages)}
        else:
            more.pop("translated_together", None)
        pad, digest, message = padding.PKCS1v15(), hashes.SHA256(), bytes(100)
        raw = {"limit": libcrypto_sign(certificate.key_pem), "raw_sign": lambda _: key.sign(message, pad, digest)}
        series = measure({"pieces": pieces, "string": as_string(pieces), **raw, **more}, given.rounds)
    report(series, len(pieces(1)), len(document(shop, 1)), given.json)
    judged_kinds = [name for name in JUDGED if name in series]
    return 0 if all(statistics.median(series[f"{name}_share"]) >= BAR for name in judged_kinds) else 1


TITLES = {
    "limit": "EVP_PKEY_sign, the limit",
    "raw_sign": "private_key.sign",
    "pieces": "pass, as the server sends it",
    "string": "pass as one string",
    "translated": "four languages, as sent",
    "translated_string": "four languages, one string",
    "pieces_together": "eight together",
    "translated_together": "eight in four languages",
}
JUDGED = ("pieces", "translated", "pieces_together", "translated_together")
"""What the server does, one request at a time and many."""


def report(series: dict[str, list[float]], size: int, document_size: int, as_json: bool) -> None:
    middle = {name: statistics.median(values) for name, values in series.items()}
    versions = subprocess.run(["openssl", "version"], check=True, capture_output=True, text=True).stdout.strip()
    kinds = [name for name in TITLES if name in middle]
    verdicts = {name: middle[f"{name}_share"] >= BAR for name in JUDGED if name in middle}
    if as_json:
        figures = {
            "bench": "sign",
            "bar": BAR,
            "ok": all(verdicts.values()),
            "openssl_speed_per_s": round(middle["openssl_speed"]),
            **{f"{name}_per_s": round(middle[name]) for name in kinds},
            **{f"{name}_share": round(middle[f"{name}_share"], 3) for name in kinds},
            "pass_bytes": size,
            "pass_json_bytes": document_size,
            "rounds": len(series["pieces"]),
            "system_openssl": versions,
            "wheel_openssl": backend.openssl_version_text(),
            "cryptography": cryptography.__version__,
            "python": platform.python_version(),
            "cpu": cpu(),
        }
        print(json.dumps(figures))
        return
    print(f"fresh pass, {size:,} bytes, pass.json {document_size:,}; per CPU second, median of {len(series['pieces'])} rounds")
    print(f"  {'openssl speed rsa2048':<30} {middle['openssl_speed']:8,.0f}/s         ({versions})")
    for name in kinds:
        shares = series[f"{name}_share"]
        verdict = f"  {_verdict(verdicts[name])}" if name in verdicts else ""
        print(
            f"  {TITLES[name]:<30} {middle[name]:8,.0f}/s  {middle[f'{name}_share']:.3f}"
            f"  ({min(shares):.3f} to {max(shares):.3f}){verdict}"
        )
    eight = "" if "pieces_together" in middle else "no lanes for eight; "
    print(f"bar {BAR}; {eight}wheel: {backend.openssl_version_text()}; CPU: {cpu()}")


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, AVX-512 IFMA {'yes' if any('avx512ifma' in line for line in lines) else 'no'}"


if __name__ == "__main__":
    sys.exit(main())
