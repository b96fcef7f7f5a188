"""How templates of HTML are read, whoever has them: everything is escaped; a name that nobody gave is an
error, not an empty place.

May not enter: templates, what they are given."""

import jinja2


def environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    return jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )  # fmt: skip
