"""Which language a visitor reads, and what the hosted page itself says in it. May not enter: texts of a pass (domain/texts.py)."""

from collections.abc import Sequence

PAGE: dict[str, dict[str, str]] = {
    "en": {
        "title": "add to your wallet",
        "voided": "This pass is no longer valid.",
        "expired": "This pass has expired.",
        "apple": "Add to Apple Wallet",
        "google": "Save to Google Wallet",
        "continue": "Continue on your phone",
        "scan": "Scan with your phone",
        "scan_rest": "to add this pass to its wallet.",
        "already": "Already on the right device?",
        "promise": "No app and no account needed. This link keeps working: use it again on a new phone.",
    },
    "de": {
        "title": "zur Wallet hinzufügen",
        "voided": "Diese Karte ist nicht mehr gültig.",
        "expired": "Diese Karte ist abgelaufen.",
        "apple": "Zu Apple Wallet hinzufügen",
        "google": "In Google Wallet speichern",
        "continue": "Auf dem Telefon weitermachen",
        "scan": "Mit dem Telefon scannen,",
        "scan_rest": "um die Karte zur Wallet hinzuzufügen.",
        "already": "Schon auf dem richtigen Gerät?",
        "promise": "Keine App und kein Konto nötig. Dieser Link bleibt gültig, auch für ein neues Telefon.",
    },
    "fr": {
        "title": "ajouter à votre Wallet",
        "voided": "Cette carte n’est plus valable.",
        "expired": "Cette carte a expiré.",
        "apple": "Ajouter à Apple Wallet",
        "google": "Enregistrer dans Google Wallet",
        "continue": "Continuer sur votre téléphone",
        "scan": "Scannez avec votre téléphone",
        "scan_rest": "pour ajouter cette carte à son Wallet.",
        "already": "Déjà sur le bon appareil ?",
        "promise": "Ni application ni compte. Ce lien reste valable : réutilisez-le sur un nouveau téléphone.",
    },
}


def wanted(header: str) -> list[str]:
    """Language tags of an Accept-Language header, dearest first. What is no tag is passed over. Source: RFC 9110 section 12.5.4."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        try:
            weight = float(quality) if rest else 1.0
        except ValueError:
            continue
        if tag and weight > 0 and tag.replace("-", "").isalnum():
            found.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(found)]


def choose(header: str, offered: Sequence[str]) -> str:
    """The offered language that the visitor likes best; the first one offered where none is."""
    by_name = {one.lower(): one for one in reversed(offered)}
    mains = {one.partition("-")[0].lower(): one for one in reversed(offered)}
    for tag in wanted(header):
        name = tag.lower()
        if found := by_name.get(name) or mains.get(name.partition("-")[0]):
            return found
    return offered[0]
