"""Drafts and revisions on both engines: kept as they were, equal ones once, nobody else's, and found again by an older database."""

import sqlite3
from dataclasses import replace

import pytest

from billfold.domain.templates import Revision, Rules, TemplateDraft, ValueRule, text_hash
from billfold.ports import GoogleObject, Reach, Store, Tx
from billfold.storage import migrate
from billfold.storage.store import open_store, sqlite_path
from storage.material import FOREIGN, NOW, OURS, a_content, a_pass, a_template, register

TEMPLATE = a_template()
RULES = Rules((ValueRule("name", example="Ada"),), bindings={"expires_at": "{{ until }}"}, expires_in_days=30)


def revision(number: int, points: str = "1", **more: object) -> Revision:
    made = Revision(TEMPLATE.id, OURS, number, f"Card {number}", a_content(points), RULES, number * 10, NOW + number, "key")
    return replace(made, **more)  # type: ignore[arg-type]


async def test_revisions_come_back_newest_first_and_as_they_were(store: Store) -> None:
    made = [revision(1), revision(2, "2"), revision(3, "1", restored_from=1)]

    def add(tx: Tx) -> None:
        tx.templates.add(TEMPLATE)
        for one in made:
            tx.templates.add_revision(one)

    await store.write(add)
    assert await store.read(lambda tx: tx.templates.revisions(OURS, TEMPLATE.id, None, 2)) == [made[2], made[1]]
    assert await store.read(lambda tx: tx.templates.revisions(OURS, TEMPLATE.id, 2, 9)) == [made[0]]
    assert await store.read(lambda tx: tx.templates.revision(OURS, TEMPLATE.id, 3)) == made[2]
    for scope in FOREIGN:
        assert await store.read(lambda tx, scope=scope: tx.templates.revisions(scope, TEMPLATE.id, None, 9)) == []  # type: ignore[misc]


async def test_the_same_template_is_the_same_object_again(store: Store) -> None:
    """What is prepared for a published content is found by it."""
    await store.write(lambda tx: tx.templates.add(replace(TEMPLATE, rules=RULES)))
    first, second = [await store.read(lambda tx: tx.templates.find(OURS, TEMPLATE.id)) for _ in range(2)]
    assert first == second
    assert first
    assert second
    assert first.content is second.content
    assert first.rules is second.rules


async def test_a_draft_is_replaced_and_dropped(store: Store) -> None:
    draft = TemplateDraft(TEMPLATE.id, OURS, 1, "Draft", a_content(), RULES, 1, NOW)

    def put(tx: Tx) -> None:
        tx.templates.add(TEMPLATE)
        tx.templates.put_draft(draft, "key")

    await store.write(put)
    later = replace(draft, version=2, name="Later", content=a_content("7"))
    await store.write(lambda tx: tx.templates.put_draft(later, "key"))
    assert await store.read(lambda tx: tx.templates.draft(OURS, TEMPLATE.id)) == later
    assert await store.read(lambda tx: tx.templates.draft(FOREIGN[0], TEMPLATE.id)) is None
    await store.write(lambda tx: tx.templates.drop_draft(OURS, TEMPLATE.id))
    assert await store.read(lambda tx: tx.templates.draft(OURS, TEMPLATE.id)) is None


async def test_a_removed_template_takes_its_own_with_it_and_no_more(store: Store) -> None:
    other = a_template(2)

    def fill(tx: Tx) -> None:
        for one in (TEMPLATE, other):
            tx.templates.add(one)
            tx.templates.add_revision(revision(1, template_id=one.id))
        tx.templates.add_revision(revision(2, "only here"))
        tx.templates.put_draft(TemplateDraft(TEMPLATE.id, OURS, 1, "Draft", a_content(), RULES, 1, NOW), "key")

    await store.write(fill)
    await store.write(lambda tx: tx.templates.remove(OURS, TEMPLATE.id))
    assert await store.read(lambda tx: tx.templates.find(OURS, TEMPLATE.id)) is None
    assert await store.read(lambda tx: tx.templates.revisions(OURS, TEMPLATE.id, None, 9)) == []
    assert await store.read(lambda tx: tx.templates.draft(OURS, TEMPLATE.id)) is None
    (kept,) = await store.read(lambda tx: tx.templates.revisions(OURS, other.id, None, 9))
    assert kept.content == a_content("1")


async def test_archived_templates_are_found_and_not_listed(store: Store) -> None:
    await store.write(lambda tx: tx.templates.add(TEMPLATE))
    archived = replace(TEMPLATE, archived_at_ms=NOW + 5)
    await store.write(lambda tx: tx.templates.replace(archived))
    assert await store.write(lambda tx: tx.templates.find_locked(OURS, TEMPLATE.id)) == archived
    assert await store.read(lambda tx: tx.templates.list(OURS, None, 9)) == []


async def test_who_has_passes_is_counted_up_to_a_limit(store: Store) -> None:
    held = [a_pass(nth, content=None, template_id=TEMPLATE.id) for nth in range(1, 5)]

    def issue(tx: Tx) -> None:
        tx.templates.add(TEMPLATE)
        for one in (*held, a_pass(9)):
            tx.passes.add(one, "key")
            register(tx, one, "phone")
        register(tx, held[0], "watch")
        tx.google.put(GoogleObject(OURS, held[1].id, "class", {}, has_users=True))
        tx.google.put(GoogleObject(OURS, held[2].id, "class", {}))

    await store.write(issue)
    assert await store.read(lambda tx: tx.templates.reach(OURS, TEMPLATE.id, 100)) == Reach(4, 2, 1, False)
    assert await store.read(lambda tx: tx.templates.reach(OURS, TEMPLATE.id, 2)) == Reach(2, 2, 1, True)
    assert await store.read(lambda tx: tx.templates.reach(FOREIGN[0], TEMPLATE.id, 100)) == Reach(0, 0, 0, False)


async def test_what_was_published_before_is_the_first_kept_revision(database_url: str) -> None:
    """A database of the release before, whose templates know one revision each."""
    migrate.upgrade(database_url)
    migrate.downgrade(database_url, "0005")
    values = (OURS.workspace, "test", TEMPLATE.id, "Card", 3, b'{"organization_name":"A","description":"B"}', 8, NOW, NOW)
    insert = (
        "INSERT INTO template (workspace, environment, id, name, revision, content, number, created_at_ms, updated_at_ms) VALUES "
    )
    workspace = "INSERT INTO workspace (id, name, organization_name, created_at_ms) VALUES ('d3m0ab', 'a', 'a', 1)"
    path = sqlite_path(database_url)
    if path is None:
        import psycopg

        with psycopg.connect(database_url) as connection:
            connection.execute(workspace)
            connection.execute(insert + "(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)
    else:
        plain = sqlite3.connect(path)
        with plain:
            plain.execute(workspace)
            plain.execute(insert + "(?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        plain.close()
    migrate.upgrade(database_url)
    store = open_store(database_url)
    try:
        (kept,) = await store.read(lambda tx: tx.templates.revisions(OURS, TEMPLATE.id, None, 9))
        assert (kept.revision, kept.name, kept.number, kept.content.description, kept.rules) == (3, "Card", 8, "B", Rules())
        await store.write(lambda tx: tx.templates.add_revision(replace(kept, revision=4)))
        assert text_hash(kept.content, kept.rules) == text_hash(kept.content, Rules())
    finally:
        await store.close()


@pytest.mark.parametrize("name", ["template_text", "template_revision"])
async def test_nothing_changes_what_is_kept(name: str) -> None:
    """Revisions are inserted and read; only with their template they go."""
    from billfold.storage import templates

    words = [str(one.sqlite.sql) for one in vars(templates).values() if isinstance(one, templates.Statement)]
    assert not any(sql.startswith(f"UPDATE {name} ") for sql in words)
