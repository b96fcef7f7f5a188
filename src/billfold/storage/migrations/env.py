"""Run by Alembic: migrates on the connection that migrate.py opened, inside its transaction. May not enter: connecting."""

from alembic import context

from billfold.storage import loyalty_schema, scans_schema, schema
from billfold.storage.tables import metadata

assert {schema.pass_, loyalty_schema.card, scans_schema.scan} <= set(metadata.sorted_tables), "every module of tables is read here"

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # migrate.py holds the one transaction around everything, on both engines
    compare_server_default=False,
)
context.run_migrations()
