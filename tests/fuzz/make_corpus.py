"""Writes the seeds of corpus/: one small file of each kind that the reader knows. Run it from tests/ when a kind is added.

    cd tests && PYTHONPATH=../src:. ../.venv/bin/python fuzz/make_corpus.py

May not enter: inputs that fuzzers found; they are put into corpus/ by hand and stay."""

import json
import zipfile
from pathlib import Path

from wallets.apple.foreign import DOCUMENT, document, files_of, packed, png, sign, styled, zipped

CORPUS = Path(__file__).parent / "corpus"
SEMANTICS = {"eventName": "Gala", "seats": [{"seatRow": "1"}], "totalPrice": {"amount": "5", "currencyCode": "EUR"}}


def main() -> None:
    files = {name: data for name, data in files_of().items() if name in ("pass.json", "icon.png")}
    strings = {"de.lproj/pass.strings": '"POINTS" = "Größe";'.encode("utf-16"), "en.lproj/pass.strings": b'"POINTS" = "Points";'}
    full = document(
        relevantDates=[{"startDate": "2027-01-05T09:00Z", "endDate": "2027-01-05T10:00Z"}],
        locations=[{"latitude": 48.2, "longitude": 16.4}],
        beacons=[{"proximityUUID": "0" * 8, "major": 1}],
        nfc={"message": "x", "encryptionPublicKey": "x"},
        semantics=SEMANTICS,
        preferredStyleSchemes=["posterEventTicket", "eventTicket"],
        upcomingPassInformation=[
            {"type": "event", "identifier": "1", "name": "x", "images": {"venueMap": {"URLs": [{"URL": "x"}]}}}
        ],
    )
    google = {"id": "3388000000000000001.card", "classId": "3388000000000000001.coffee", "state": "ACTIVE"}
    seeds = {
        "pass.pkpass": packed(files),
        "stored.pkpass": zipped(files, zipfile.ZIP_STORED),
        "signature.pkpass": zipped({"manifest.json": b"{}", "signature": sign(b"{}")}, zipfile.ZIP_STORED),
        "languages.pkpass": packed(files | strings),
        "personalized.pkpass": packed(
            files | {"personalization.json": b'{"description": "x", "requiredPersonalizationFields": []}'}
        ),
        "bundle.pkpasses": zipped({"a.pkpass": zipped(files), "b.pkpass": b"x"}),
        "folder.pkpass": zipped({f"Card.pass/{name}": data for name, data in files.items()}),
        "truncated.pkpass": packed(files)[:-60],
        "pass.json": json.dumps(DOCUMENT).encode(),
        "ticket.json": json.dumps(styled("eventTicket", semantics=SEMANTICS)).encode(),
        "full.json": json.dumps(full).encode(),
        "lenient.json": b'\xef\xbb\xbf// by hand\n{"formatVersion": 1, /* x */ "storeCard": {},}',
        "utf16.json": json.dumps({"formatVersion": 1}).encode("utf-16"),
        "google.json": json.dumps(google).encode(),
        "link.json": json.dumps({"payload": {"loyaltyObjects": [google]}}).encode(),
        "icon.png": png(),
    }
    for name, data in seeds.items():
        (CORPUS / name).write_bytes(data)


if __name__ == "__main__":
    main()
