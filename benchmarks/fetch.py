"""What a phone costs: the fetch of a changed pass (signed anew), and the 304 of an unchanged one, over HTTP.

Bars: >= 0.5 of the raw RSA rate of one core for fresh passes; >= 4,000 answers 304 a second."""

import base64
import email.utils
import io
import json
import zipfile

from common import arguments, report, server, sign_rate, wrk

BAR, BAR_304 = 0.5, 4000.0


def main() -> None:
    args = arguments(__doc__)
    with server(args.database_url) as one:
        made = one.make_pass()
        inside = json.loads(zipfile.ZipFile(io.BytesIO(base64.b64decode(made["applePass"]))).read("pass.json"))
        url = f"{inside['webServiceURL'].rstrip('/')}/v1/passes/{inside['passTypeIdentifier']}/{inside['serialNumber']}"
        token = f'wrk.headers["Authorization"] = "ApplePass {inside["authenticationToken"]}"\n'
        future = email.utils.formatdate(4_000_000_000, usegmt=True)
        unchanged = token + f'wrk.headers["If-Modified-Since"] = "{future}"\n'
        wrk(url, 1, 16, token)
        before, before_two = sign_rate(1), sign_rate(2)
        fresh = wrk(url, args.seconds, 16, token)
        limit, limit_two = (before + sign_rate(1)) / 2, (before_two + sign_rate(2)) / 2
        same = wrk(url, args.seconds, 16, unchanged)
        rows = {
            "fresh passes a second": fresh.rate,
            "raw RSA-2048 signatures a second, one core": limit,
            "raw RSA-2048 signatures a second, both cores": limit_two,
            "share of one core's": fresh.rate / limit,
            "share of both cores'": fresh.rate / limit_two,
            "bar": BAR,
            "304 a second": same.rate,
            "bar 304": BAR_304,
            "errors": fresh.errors + same.errors,
            "met": fresh.rate / limit_two >= BAR and same.rate >= BAR_304 and not fresh.errors + same.errors,
        }
        report(args, "fetch", rows)


if __name__ == "__main__":
    main()
