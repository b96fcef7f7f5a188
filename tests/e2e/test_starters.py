"""Each starter as a newcomer meets it: made into a template, with passes of three people in three languages, judged by openssl and
unzip, taken by the stand-in of Google; and its previews say what is in the signed file and in Google's object, and no more."""

import json
import re
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.dates import format_datetime

from billfold.rendering.words import words
from billfold.sandbox.phones.content import Reader, format_value, read_content
from billfold.sandbox.phones.formats import format_money, format_number
from billfold.sandbox.phones.google_reading import Reader as GoogleReader
from billfold.sandbox.phones.strings import strings_for
from billfold.starters import catalogue
from e2e.conftest import Billfold, ask
from judges import judge

PATIENCE = 90.0
BUNDLE_LANGUAGES = {"en", "de", "fr"}
ACCOUNT = "holder@example.com"
JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@dataclass(frozen=True)
class Issued:
    """A pass of a person of a starter. `template`: its id. `folder`: its bundle, unzipped."""

    starter: str
    language: str
    serial: str
    folder: Path
    template: str

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @property
    def files(self) -> dict[str, bytes]:
        return {str(one.relative_to(self.folder)): one.read_bytes() for one in self.folder.rglob("*") if one.is_file()}


@pytest.fixture(scope="module")
def issued(page_server: Billfold, tmp_path_factory: pytest.TempPathFactory) -> list[Issued]:
    found = []
    for name in [one["name"] for one in page_server.api("GET", "/v1/starters").json["items"]]:
        template = page_server.api("POST", "/v1/templates", {"starter": name})
        assert template.status == 201, (name, template.body)
        for sample in page_server.api("GET", f"/v1/starters/{name}").json["samples"]:
            made = page_server.api("POST", "/v1/passes", {"template_id": template.json["id"], "values": sample["values"]})
            assert made.status == 201, (name, made.body)
            folder = tmp_path_factory.mktemp(name)
            (folder / "a.pkpass").write_bytes(page_server.api("GET", f"/v1/passes/{made.json['id']}/apple").body)
            subprocess.run([judge("unzip"), "-q", "a.pkpass"], cwd=folder, check=True)
            found.append(Issued(name, sample["language"], made.json["id"], folder, template.json["id"]))
    assert len(found) == 30
    return found


def wait_until_google_has(server: Billfold, serials: set[str]) -> None:
    """Fails with Google's own words."""
    until = time.monotonic() + PATIENCE
    waiting = set(serials)
    while waiting:
        for serial in sorted(waiting):
            rows = server.api("GET", f"/v1/passes/{serial}").json["delivery"]
            (google,) = [one for one in rows if one["channel"] == "google"]
            assert google["last_error"] in (None, "", "Google asked to slow down"), google
            if google["current"]:
                waiting.discard(serial)
        assert time.monotonic() < until, f"{len(waiting)} passes are not at Google"
        time.sleep(0.1)


@pytest.mark.requirement("S3-22")
def test_every_starter_is_a_good_pass_for_every_person_on_both_wallets(
    issued: list[Issued], page_server: Billfold, tmp_path: Path
) -> None:
    root = tmp_path / "root.pem"
    authority = (page_server.data / "sandbox" / "authority.pem").read_text()
    root.write_text(authority[: authority.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")
    assert {one.starter for one in issued} == set(catalogue.names())
    command = f"smime -verify -binary -inform DER -in signature -content manifest.json -CAfile {root} -purpose any -out verified"
    for one in issued:
        subprocess.run([judge("openssl"), *command.split()], cwd=one.folder, check=True, capture_output=True)
        files = set(json.loads(one.file("verified")))
        assert {"pass.json", "icon.png", "logo@3x.png"} <= files
        assert {f"{language}.lproj/pass.strings" for language in BUNDLE_LANGUAGES} <= files
        assert ("strip@3x.png" in files) == (one.starter not in ("membership", "parking", "boarding-pass"))
        links = page_server.api("GET", f"/v1/passes/{one.serial}/links").json
        assert len(links["google_save_url"]) < 2_048 + 400  # reference/google-wallet.md section 3.2
    wait_until_google_has(page_server, {one.serial for one in issued})


# --- what previews say ------------------------------------------------------------------------------------------------------------


def shown(server: Billfold, one: Issued, wallet: str, side: str) -> list[str]:
    """The texts of a preview in its person's language, a line each."""
    query = f"wallet={wallet}&side={side}&language={one.language}"
    document = server.api("GET", f"/v1/passes/{one.serial}/preview.svg?{query}").body
    return ["".join(text.itertext()) for text in ET.fromstring(document).iter("{http://www.w3.org/2000/svg}text")]


def bare(text: str) -> str:
    """Without spaces, which wrapping takes, and without the comma between date and time, on which tables of locales differ."""
    return "".join(re.sub(r"(\d{4}), (\d)", r"\1 \2", text).split())


def take(lines: list[str], text: str) -> bool:
    """Takes the line, or the lines that it was wrapped to, out of `lines`. One that was cut short stands for the whole."""
    want = bare(text)
    for start in range(len(lines)):
        for end in range(start + 1, min(len(lines), start + 12) + 1):
            have = bare("".join(lines[start:end]))
            if have == want or (have.endswith("…") and len(have) > 6 and want.startswith(have[:-1])):
                del lines[start:end]
                return True
            if not want.startswith(have):
                break
    return False


def left_over(lines: list[str], said: list[str]) -> tuple[list[str], list[str]]:
    """(said and not shown, shown and not said)."""
    rest = list(lines)
    missing = [text for text in sorted(filter(None, said), key=len, reverse=True) if not take(rest, text)]
    return missing, rest


def test_apples_previews_say_what_is_in_the_signed_file(issued: list[Issued], page_server: Billfold) -> None:
    """Front and back: every text of the file is shown, and nothing else but the phone's own words."""
    for one in issued:
        files, phone = one.files, words(one.language)
        document = json.loads(files["pass.json"])
        reader = Reader(one.language, now=datetime.now(UTC))
        card = read_content(document, files, reader).card
        strings = strings_for(files, one.language)
        code = document["barcodes"][0].get("altText", "")
        behind: dict[str, list[str]] = {"back": [], "front": []}
        for field in card.fields:
            behind["back" if field.group == "back" else "front"] += [field.label, field.value]
        front = [card.title, strings.get(code, code), *behind["front"]]
        assert left_over(shown(page_server, one, "apple", "front"), front) == ([], []), one
        back = [card.organization_name, phone["automatic_updates"], phone["allow_notifications"], *behind["back"]]
        if end := document.get("expirationDate"):
            back += [phone["expires"], format_value({"value": end, "dateStyle": "PKDateStyleMedium"}, {}, reader)]
        assert left_over(shown(page_server, one, "apple", "back"), back) == ([], []), one


TITLE_ROLES = ("offer_title", "program_name")
"""Of fields that stand in the title area, without a label."""


def of_google(value: object, reader: GoogleReader) -> Iterator[str]:
    """Every text of a class or an object, as a phone of this language reads it."""
    if isinstance(value, list):
        for each in value:
            yield from of_google(each, reader)
    elif isinstance(value, dict):
        if "defaultValue" in value:
            yield reader.localized(value)
        elif "micros" in value:
            yield format_money(int(value["micros"]) / 1_000_000, value["currencyCode"], reader.language)
        else:
            for name, each in value.items():
                if f"localized{name[:1].upper()}{name[1:]}" not in value:
                    yield from of_google(each, reader)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield format_number(value, "Decimal", reader.language)
        yield str(value)
    elif isinstance(value, str):
        yield value


def wallet_of(server: Billfold, issued: list[Issued]) -> dict[str, dict[str, object]]:
    """Serial → what Google's stand-in holds, class and object, once somebody has saved all of them."""
    names, home = {}, ""
    for one in issued:
        link = server.api("GET", f"/v1/passes/{one.serial}/links").json["google_save_url"]
        saved = ask("POST", link, {"account": ACCOUNT}, JSON)
        assert saved.status == 200, saved.body
        names[saved.json["objectId"]] = one.serial
        home = link.partition("/gp/v/save/")[0]
    wait_until_google_has(server, {one.serial for one in issued})
    held = ask("GET", f"{home}/wallet/{ACCOUNT.replace('@', '%40')}/objects", headers=JSON).json["objects"]
    return {names[one["objectId"]]: one for one in held}


def test_googles_previews_say_what_the_object_and_its_class_say(issued: list[Issued], page_server: Billfold) -> None:
    """Card and details together. Where Google writes a label of its own, as the check says, ours stays, but not in the title."""
    held = wallet_of(page_server, issued)
    for one in issued:
        entry, phone, reader = held[one.serial], words(one.language), GoogleReader(one.language)
        lines = shown(page_server, one, "google", "front") + shown(page_server, one, "google", "back")
        inside = [*of_google(entry["class"], reader), *of_google(entry["object"], reader)]
        end = entry["object"].get("validTimeInterval", {}).get("end", {}).get("date")
        if end:
            medium = {"value": end, "dateStyle": "PKDateStyleMedium"}
            inside += [phone["expires"], format_value(medium, {}, Reader(one.language, now=datetime.now(UTC)))]
        _, foreign = left_over(lines, [*inside, phone["details"]])
        assert set(foreign) == (of_a_flight(entry["class"], one.language) or labels_of_googles_own(page_server, one)), one
        modules = [text for module in entry["object"]["textModulesData"] for text in of_google(module | {"id": ""}, reader)]
        missing, _ = left_over(lines, modules)
        assert missing == [], one


def of_a_flight(class_: dict[str, object], language: str) -> set[str]:
    """What Google writes on a flight's card by itself, of what its class says; nothing for other kinds."""
    if "localScheduledDepartureDateTime" not in class_:
        return set()
    say = words(language)
    ends = " → ".join(class_[end]["airportIataCode"] for end in ("origin", "destination"))
    departs = datetime.fromisoformat(class_["localScheduledDepartureDateTime"])
    written = {say[name] for name in ("departs", "gate", "passenger", "group", "seat")}
    return written | {ends, format_datetime(departs, "short", locale=language).replace("\u202f", " ")}


def labels_of_googles_own(server: Billfold, one: Issued) -> set[str]:
    """Our labels, in the person's language, of which the check says that Google writes another in their place."""
    draft = server.api("GET", f"/v1/templates/{one.template}/draft").json
    content, words_of_language = draft["content"], (draft["content"]["translations"] or {}).get(one.language, {})
    found = set()
    for finding in draft["findings"]:
        if finding["code"] == "google.label_replaced":
            area, at = re.fullmatch(r"content\.(\w+)\[(\d+)\]\.label", finding["path"]).groups()
            field = content[area][int(at)]
            titled = field.get("role") in TITLE_ROLES or (content["kind"] == "event_ticket" and area == "primary")
            if not titled:
                found.add(words_of_language.get(f"fields.{field['key']}.label", field["label"]))
    return found
