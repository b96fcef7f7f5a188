"""The HTML that a holder sees behind a save link: pick an account, confirm, done. Works without script.

All texts are this project's own; Google's page looks otherwise. May not enter: storage, rules."""

from collections.abc import Sequence
from html import escape

from billfold.sandbox.google.saves import SavedObject
from billfold.sandbox.google.values import Json

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#202124}
h1{font-size:1.4rem}ul{padding-left:1.2rem}code{word-break:break-all}
label{display:block;margin:.8rem 0}select,input{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}
button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:1.5rem;background:#1f1f1f;color:#fff;min-height:48px}
.note{background:#fff4ce;padding:.6rem;border-radius:.4rem}footer{margin-top:3rem;color:#5f6368;font-size:.85rem}"""


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}"
        "<footer>Billfold's stand-in for the Google Wallet save page. Nothing here reaches Google.</footer></body></html>"
    )


def _list(objects: Sequence[SavedObject]) -> str:
    rows = "".join(f"<li><strong>{escape(each.title)}</strong><br><code>{escape(each.object_id)}</code></li>" for each in objects)
    return f"<ul>{rows}</ul>"


def _notes(warnings: Sequence[Json]) -> str:
    return "".join(f'<p class="note">{escape(str(each))}</p>' for each in warnings)


def picker(objects: Sequence[SavedObject], users: Sequence[tuple[str, bool]], warnings: Sequence[Json]) -> str:
    """The confirmation page; its form posts to its own address."""
    options = "".join(
        f'<option value="{escape(name)}">{escape(name)}{" (test account)" if tester else ""}</option>' for name, tester in users
    )
    form = (
        f'<form method="post"><label>Account<select name="account">{options}</select></label>'
        '<label>or another one<input name="other" autocomplete="off"></label>'
        '<button type="submit">Save</button></form>'
    )
    return _page("Save to Google Wallet", _list(objects) + _notes(warnings) + form)


def saved(objects: Sequence[SavedObject], account: str, base: str, warnings: Sequence[Json]) -> str:
    """The page after the save, with a button per pass that removes it again. `base`: the path it is mounted at."""
    forms = "".join(
        f'<form method="post" action="{escape(base)}/wallet/{escape(account)}/remove/{escape(each.object_id)}">'
        f'<button type="submit">Remove {escape(each.title)}</button></form>'
        for each in objects
    )
    return _page(f"Saved for {account}", _list(objects) + _notes(warnings) + forms)


def message(title: str, text: str) -> str:
    return _page(title, f"<p>{escape(text)}</p>")
