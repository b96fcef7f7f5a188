"""What phones themselves say around a pass, in the languages of the starter templates, and a word where they say nothing.
May not enter: texts of a pass."""

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "automatic_updates": "Automatic Updates",
        "allow_notifications": "Allow Notifications",
        "expires": "Expires",
        "now": "now",
        "changed": "Pass updated.",
        "nearby": "Nearby",
        "soon": "Soon",
        "never_offered": "The lock screen never offers this pass: it names no place.",
        "google_nearby": "You are near a place where you can use this pass.",
        "google_never_offered": "Android never offers this pass: it names no place that Google knows.",
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
        "soon": "Bald",
        "never_offered": "Der Sperrbildschirm bietet diese Karte nie an: Sie nennt keinen Ort.",
        "google_nearby": "Du bist in der Nähe eines Ortes, an dem du diese Karte nutzen kannst.",
        "google_never_offered": "Android bietet diese Karte nie an: Sie nennt keinen Ort, den Google kennt.",
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
        "soon": "Bientôt",
        "never_offered": "L’écran verrouillé ne propose jamais cette carte : elle n’indique aucun lieu.",
        "google_nearby": "Vous êtes près d’un lieu où cette carte est utile.",
        "google_never_offered": "Android ne propose jamais cette carte : aucun lieu que Google connaisse.",
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
