"""Finds the system's certificate roots. The libcurl inside the pycurl wheel was built elsewhere and knows no path here.

May not enter: certificates of our own, settings.
"""

import ssl
from functools import cache
from pathlib import Path

_USUAL_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, BSD
)


@cache
def system_roots_file() -> str | None:
    """Path of a PEM bundle (SSL_CERT_FILE wins), or None where only libcurl's own idea is left."""
    found = ssl.get_default_verify_paths().cafile
    return next((place for place in (found, *_USUAL_PLACES) if place and Path(place).is_file()), None)
