"""Database triggers: evidence is append-only, and a protected task cannot finish without a record.

They are the net under the Python code: they hold for plain ORM writes, for the admin, for
another program on the same database. They are (re)made after every migration, because
SQLite drops triggers when it rebuilds a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from approval_hook.errors import ConfigurationError
from approval_hook.logs import get_logger
from approval_hook.models import CreditDecision, Identity, Inquiry, ProtectedNode, Reply, Settlement

APPEND_ONLY = (Inquiry, Reply, CreditDecision, Settlement)
_PREFIX = "approval_hook_"
_REFUSED = "approval_hook: evidence is append-only"
_HELD = "approval_hook: protected step without a valid credit record"
_FORWARD = "('STARTED', 'SCHEDULED', 'DONE')"


def after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Signal receiver: put triggers and protected nodes in place, where our tables are."""
    if ProtectedNode._meta.db_table in connections[using].introspection.table_names():
        install(using)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make every trigger, replacing older ones, and write the list of protected nodes.

    Raises:
        ConfigurationError: the database is neither SQLite nor PostgreSQL.
    """
    connection = connections[using]
    remove(using)
    with connection.cursor() as cursor:
        for _, statement in _statements(connection):
            cursor.execute(statement)
    sync_protected_nodes(using)


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop every trigger of ours; for uninstalling and for test databases that are flushed."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table in installed(using):
            quoted = connection.ops.quote_name(name)
            on = f" ON {connection.ops.quote_name(table)}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {quoted}{on}")


def installed(using: str = DEFAULT_DB_ALIAS) -> list[tuple[str, str]]:
    """Name and table of each of our triggers in the database."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'approval_hook_%%'"
    elif connection.vendor == "postgresql":
        query = (
            "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE 'approval_hook_%%' AND pg_table_is_visible(c.oid)"
        )
    else:
        raise ConfigurationError(f"The credit gate runs on SQLite and PostgreSQL, not on {connection.vendor}.")
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        return [(str(name), str(table)) for name, table in cursor.fetchall()]


def expected(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of the triggers that must be there."""
    return [name for name, _ in _statements(connections[using]) if name]


def protected_refs() -> set[str]:
    """Stored references of the nodes that configured gates protect."""
    from approval_hook.hosts.viewflow.injection import bindings

    return {ref for binding in bindings() for ref in binding.protected_refs()}


def sync_protected_nodes(using: str = DEFAULT_DB_ALIAS) -> None:
    """Bring the table of protected nodes in line with the injected flows."""
    wanted = protected_refs()
    manager = ProtectedNode.objects.using(using)
    dropped = sorted(manager.exclude(pk__in=wanted).values_list("pk", flat=True))
    if dropped:
        get_logger().warning("nodes are no longer protected", alarm=True, nodes=dropped)
        manager.filter(pk__in=dropped).delete()
    present = set(manager.values_list("pk", flat=True))
    manager.bulk_create(ProtectedNode(flow_task=ref) for ref in sorted(wanted - present))


def _task_tables() -> Iterable[tuple[str, str, str]]:
    from approval_hook.hosts.viewflow.injection import task_tables

    return task_tables()


def _statements(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    build = _sqlite if connection.vendor == "sqlite" else _postgres
    return list(build(connection.ops.quote_name))


def guard_name(table: str, verb: str) -> str:
    """Name of the guard on a task table: short enough for PostgreSQL whatever the table is called."""
    return f"{_PREFIX}guard_{hashlib.sha256(table.encode()).hexdigest()[:12]}_{verb.lower()}"


def _sqlite(q: Callable[[str], str]) -> Iterable[tuple[str, str]]:
    for model in APPEND_ONLY:
        table = model._meta.db_table
        for verb in ("UPDATE", "DELETE"):
            name = f"{_PREFIX}{table.removeprefix(_PREFIX)}_no_{verb.lower()}"
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
            )
    identity = q(Identity._meta.db_table)
    yield (
        f"{_PREFIX}identity_no_delete",
        f"CREATE TRIGGER {_PREFIX}identity_no_delete BEFORE DELETE ON {identity}"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    )
    yield (
        f"{_PREFIX}identity_erase_only",
        f"CREATE TRIGGER {_PREFIX}identity_erase_only BEFORE UPDATE ON {identity}"
        f" WHEN NEW.sealed IS NOT NULL OR NEW.inquiry_id IS NOT OLD.inquiry_id OR NEW.key_id IS NOT OLD.key_id"
        f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    )
    decision, protected = q(CreditDecision._meta.db_table), q(ProtectedNode._meta.db_table)
    for table, process_column, process_table in _task_tables():
        unfit = (  # table names come from model metadata, never from outside
            f"NEW.status IN {_FORWARD}"
            f" AND EXISTS (SELECT 1 FROM {protected} p WHERE p.flow_task = NEW.flow_task)"
            f" AND NOT COALESCE((SELECT d.permits AND d.fresh_until > strftime('%Y-%m-%d %H:%M:%f', 'now')"
            f" FROM {decision} d WHERE d.host_key = '{process_table}:' || NEW.{q(process_column)}"
            f" ORDER BY d.id DESC LIMIT 1), 0)"
        )
        for verb, when in (
            ("INSERT", unfit),
            ("UPDATE", f"(NEW.status IS NOT OLD.status OR NEW.flow_task IS NOT OLD.flow_task) AND {unfit}"),
        ):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, '{_HELD}'); END",
            )


def _postgres(q: Callable[[str], str]) -> Iterable[tuple[str, str]]:
    yield (
        "",
        f"CREATE OR REPLACE FUNCTION {_PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    )
    for model in (*APPEND_ONLY, Identity):
        table = model._meta.db_table
        short = table.removeprefix(_PREFIX)
        verbs = "DELETE" if model is Identity else "UPDATE OR DELETE"
        yield (
            f"{_PREFIX}{short}_append_only",
            f"CREATE TRIGGER {_PREFIX}{short}_append_only BEFORE {verbs} ON {q(table)}"
            f" FOR EACH ROW EXECUTE FUNCTION {_PREFIX}refuse()",
        )
        yield (
            f"{_PREFIX}{short}_no_truncate",
            f"CREATE TRIGGER {_PREFIX}{short}_no_truncate BEFORE TRUNCATE ON {q(table)}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}refuse()",
        )
    identity = q(Identity._meta.db_table)
    yield (
        f"{_PREFIX}identity_erase_only",
        f"CREATE TRIGGER {_PREFIX}identity_erase_only BEFORE UPDATE ON {identity} FOR EACH ROW WHEN"
        f" (NEW.sealed IS NOT NULL OR NEW.inquiry_id IS DISTINCT FROM OLD.inquiry_id"
        f" OR NEW.key_id IS DISTINCT FROM OLD.key_id) EXECUTE FUNCTION {_PREFIX}refuse()",
    )
    decision, protected = q(CreditDecision._meta.db_table), q(ProtectedNode._meta.db_table)
    for table, process_column, process_table in _task_tables():
        function = guard_name(table, "function")
        yield (
            "",
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF EXISTS (SELECT 1 FROM {protected} p WHERE p.flow_task = NEW.flow_task)"
            f" AND NOT COALESCE((SELECT d.permits AND d.fresh_until > clock_timestamp() FROM {decision} d"
            f" WHERE d.host_key = '{process_table}:' || NEW.{q(process_column)} ORDER BY d.id DESC LIMIT 1), false)"
            f" THEN RAISE EXCEPTION '{_HELD}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            f" RETURN NEW; END $$",
        )
        for verb, when in (
            ("INSERT", f"NEW.status IN {_FORWARD}"),
            (
                "UPDATE",
                f"NEW.status IN {_FORWARD} AND (NEW.status IS DISTINCT FROM OLD.status"
                f" OR NEW.flow_task IS DISTINCT FROM OLD.flow_task)",
            ),
        ):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} FOR EACH ROW WHEN ({when})"
                f" EXECUTE FUNCTION {function}()",
            )
