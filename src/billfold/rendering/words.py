"""What phones themselves say around a pass, in the languages of the starter templates. May not enter: texts of a pass."""

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "automatic_updates": "Automatic Updates",
        "allow_notifications": "Allow Notifications",
        "expires": "Expires",
        "now": "now",
        "changed": "Pass updated.",
        "nearby": "Nearby",
        "lock_date": "Wednesday, November 25",
        "wallet": "Wallet",
        "google_notice": "There is news about your pass. Tap to see it.",
        "details": "Details",
        "void": "No longer valid",
    },
    "de": {
        "automatic_updates": "Automatische Updates",
        "allow_notifications": "Mitteilungen erlauben",
        "expires": "Gültig bis",
        "now": "jetzt",
        "changed": "Karte aktualisiert.",
        "nearby": "In der Nähe",
        "lock_date": "Mittwoch, 25. November",
        "wallet": "Wallet",
        "google_notice": "Es gibt Neues zu deiner Karte. Zum Ansehen tippen.",
        "details": "Details",
        "void": "Nicht mehr gültig",
    },
    "fr": {
        "automatic_updates": "Mises à jour automatiques",
        "allow_notifications": "Autoriser les notifications",
        "expires": "Expire le",
        "now": "maintenant",
        "changed": "Carte mise à jour.",
        "nearby": "À proximité",
        "lock_date": "mercredi 25 novembre",
        "wallet": "Wallet",
        "google_notice": "Il y a du nouveau pour votre carte. Touchez pour voir.",
        "details": "Détails",
        "void": "N’est plus valable",
    },
}


def words(language: str) -> dict[str, str]:
    """Of the language, or English."""
    return _WORDS.get(language.partition("-")[0].lower(), _WORDS["en"])
