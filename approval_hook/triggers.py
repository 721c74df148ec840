"""Database triggers: evidence is append-only, and a protected task cannot finish without a record.

They are the net under the Python code: they hold for plain ORM writes, for the admin, for
another program on the same database. Which nodes are protected stands in the trigger itself, so
there is no row whose deletion would switch it off. They are (re)made after every migration, because
SQLite drops triggers when it rebuilds a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Model, Q, UniqueConstraint

from approval_hook.errors import ConfigurationError
from approval_hook.models import (
    CalendarEdition,
    CreditDecision,
    EmergencyAct,
    Identity,
    Inquiry,
    IssueReading,
    Observation,
    Reply,
    RuleRevision,
    Settlement,
)


@dataclass(frozen=True, slots=True)
class GuardedTable:
    """A task table, with the stored references of the nodes that matter in it."""

    table: str
    process_column: str
    process_table: str
    protected: tuple[str, ...]  # their execution is a decision: needs a record that permits it
    observed: tuple[str, ...]  # the same in a flow that observes: needs a trace of the case, whatever it says
    behind: tuple[tuple[str, tuple[str, ...]], ...]  # (node, protected nodes) with no way to it around them
    # (what references of a flow begin with, those that name one of its nodes, what references of gates begin with):
    # a protected node that was renamed must not become free under the name that waiting tasks still have.
    known: tuple[tuple[str, tuple[str, ...], str], ...] = ()

    @property
    def mark(self) -> str:
        """Stands in the text of the guard, so that a check can tell an outdated one."""
        text = repr((self.protected, self.observed, self.behind, self.known))
        return f"approval_hook:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


APPEND_ONLY = (
    Inquiry,
    Reply,
    CreditDecision,
    Settlement,
    EmergencyAct,
    Observation,
    IssueReading,
    RuleRevision,
    CalendarEdition,
)
#: Their primary key is the digest of the content: the same row again is passed over, as ``keeping`` asks for.
_BY_CONTENT = (RuleRevision, CalendarEdition)
_PREFIX = "approval_hook_"
_REFUSED = "approval_hook: evidence is append-only"
_HELD = "approval_hook: protected step without a valid credit record"
_FORWARD = "('STARTED', 'SCHEDULED', 'DONE')"


def after_migrate(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Signal receiver: put triggers and protected nodes in place, where our tables are."""
    if CreditDecision._meta.db_table in connections[using].introspection.table_names():
        install(using)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Make every trigger, replacing older ones.

    Raises:
        ConfigurationError: the database is neither SQLite nor PostgreSQL.
    """
    connection = connections[using]
    remove(using)
    with connection.cursor() as cursor:
        for _, statement in _statements(connection):
            cursor.execute(statement)


def remove(using: str = DEFAULT_DB_ALIAS) -> None:
    """Drop every trigger of ours; for uninstalling and for test databases that are flushed."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table, _ in installed(using):
            quoted = connection.ops.quote_name(name)
            on = f" ON {connection.ops.quote_name(table)}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {quoted}{on}")


def installed(using: str = DEFAULT_DB_ALIAS) -> list[tuple[str, str, str]]:
    """Name, table and text of each of our triggers in the database."""
    connection = connections[using]
    if connection.vendor == "sqlite":
        query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'approval_hook_%%'"
    elif connection.vendor == "postgresql":
        query = (
            "SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND t.tgname LIKE 'approval_hook_%%' AND pg_table_is_visible(c.oid)"
        )
    else:
        raise ConfigurationError(f"The credit gate runs on SQLite and PostgreSQL, not on {connection.vendor}.")
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        return [(str(name), str(table), str(text)) for name, table, text in cursor.fetchall()]


def expected(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of the triggers that must be there."""
    return [name for name, _ in _statements(connections[using]) if name]


def outdated(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Guards in the database that do not protect exactly the nodes which are to be protected now."""
    texts = {name: text for name, _, text in installed(using) if name.startswith(f"{_PREFIX}guard_")}
    wanted = {
        guard_name(guarded.table, verb): guarded.mark for guarded in _guarded_tables() for verb in ("INSERT", "UPDATE")
    }
    # A guard nobody expects belongs to a flow that was taken out and had a table of its own.
    return [name for name, text in texts.items() if name not in wanted or wanted[name] not in text]


def _guarded_tables() -> list[GuardedTable]:
    from approval_hook.hosts.viewflow.injection import guarded_tables

    return guarded_tables()


def _statements(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    build = _sqlite if connection.vendor == "sqlite" else _postgres
    return list(build(connection.ops.quote_name))


def guard_name(table: str, verb: str) -> str:
    """Name of the guard on a task table: short enough for PostgreSQL whatever the table is called."""
    return f"{_PREFIX}guard_{hashlib.sha256(table.encode()).hexdigest()[:12]}_{verb.lower()}"


def _sqlite(q: Callable[[str], str]) -> Iterable[tuple[str, str]]:
    for each in APPEND_ONLY:
        table = each._meta.db_table
        for verb in ("UPDATE", "DELETE"):
            name = f"{_PREFIX}{table.removeprefix(_PREFIX)}_no_{verb.lower()}"
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
            )
    evidence: tuple[type[Model], ...] = (*APPEND_ONLY, Identity)
    for model in evidence:
        # INSERT OR REPLACE deletes the older row without firing a delete trigger.
        table = model._meta.db_table
        name = f"{_PREFIX}{table.removeprefix(_PREFIX)}_no_replace"
        own, *others = _unique_columns(model)
        refused = f"RAISE(ABORT, 'UNIQUE constraint failed: {_REFUSED}')"
        if model in _BY_CONTENT:
            refused = f"CASE WHEN {_exists(q, table, [own])} THEN RAISE(IGNORE) ELSE {refused} END"
        yield (
            name,
            f"CREATE TRIGGER {name} BEFORE INSERT ON {q(table)} WHEN {_exists(q, table, [own, *others])}"
            f" BEGIN SELECT {refused}; END",
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
    decision = q(CreditDecision._meta.db_table)
    for guarded in _guarded_tables():
        table, process = guarded.table, q(guarded.process_column)
        unfit = _unfit(guarded, q, decision, "strftime('%Y-%m-%d %H:%M:%f', 'now')", "0")
        moved = " OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in ("status", "flow_task", process))
        for verb, when in (("INSERT", unfit), ("UPDATE", f"({moved}) AND {unfit}")):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, '{_HELD}') /* {guarded.mark} */; END",
            )


@dataclass(frozen=True, slots=True)
class _Unique:
    """Columns that no two rows share, among the rows that have certain values in others."""

    columns: tuple[str, ...]
    among: tuple[tuple[str, str], ...] = ()


def _unique_columns(model: type[Model]) -> list[_Unique]:
    """The primary key first."""
    meta = model._meta

    def column(name: str) -> str:
        return str(cast("Field[Any, Any]", meta.get_field(name)).column)

    keys = [_Unique((str(meta.pk.column),))]
    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            condition = constraint.condition or Q()
            among = tuple(
                (column(name), str(value)) for name, value in cast("list[tuple[str, str]]", condition.children)
            )
            keys.append(_Unique(tuple(map(column, constraint.fields)), among))
    return keys


def _exists(q: Callable[[str], str], table: str, keys: list[_Unique]) -> str:
    same = " OR ".join(_same_key(q, key) for key in keys)
    return f"EXISTS (SELECT 1 FROM {q(table)} old WHERE {same})"


def _same_key(q: Callable[[str], str], key: _Unique) -> str:
    shared = [f"old.{q(c)} = NEW.{q(c)}" for c in key.columns]
    among = [f"{row}.{q(c)} = {_literals([value])}" for c, value in key.among for row in ("old", "NEW")]
    return "(" + " AND ".join([*shared, *among]) + ")"


def _literals(refs: Iterable[str]) -> str:
    return ", ".join("'" + ref.replace("'", "''") + "'" for ref in refs) or "NULL"


def _unfit(guarded: GuardedTable, q: Callable[[str], str], decision: str, now: str, no: str) -> str:
    """A forward status of a protected node without a permitting record, or of a node behind it without a decision."""
    process, table = q(guarded.process_column), q(guarded.table)
    key = f"'{guarded.process_table}:' || NEW.{process}"
    serves = f"d.fresh_until > {now} AND (d.origin <> 'emergency' OR {_confirmed(q, now)})"
    permitted = (
        f"COALESCE((SELECT d.permits AND {serves} FROM {decision} d WHERE d.host_key = {key}"
        f" ORDER BY d.id DESC LIMIT 1), {no})"
    )
    named = [f"NEW.flow_task IN ({_literals(guarded.protected)})"]
    for prefix, refs, gates in guarded.known:
        starts = [f"substr(NEW.flow_task, 1, {len(begin)}) = {_literals([begin])}" for begin in (prefix, gates)]
        named.append(f"({starts[0]} AND NOT {starts[1]} AND NEW.flow_task NOT IN ({_literals(refs)}))")
    cases = [f"(({' OR '.join(named)}) AND NOT {permitted})"]
    if guarded.observed:
        # Nothing is held there; but a decision without a record or an observation would be a gate that is off.
        traced = " OR ".join(
            f"EXISTS (SELECT 1 FROM {rows} r WHERE r.host_key = {key})"
            for rows in (decision, q(Observation._meta.db_table))
        )
        cases.append(f"(NEW.flow_task IN ({_literals(guarded.observed)}) AND NOT ({traced}))")
    for node, decisions in guarded.behind:
        decided = (
            f"EXISTS (SELECT 1 FROM {table} t WHERE t.{process} = NEW.{process} AND t.status IN ('STARTED', 'DONE')"
            f" AND t.flow_task IN ({_literals(decisions)}))"
        )
        cases.append(f"(NEW.flow_task = {_literals([node])} AND NOT {decided})")
    return f"NEW.status IN {_FORWARD} AND ({' OR '.join(cases)})"


def _confirmed(q: Callable[[str], str], now: str) -> str:
    """The case of the record ``d`` has an emergency release that a second person confirmed and that runs."""
    acts = q(EmergencyAct._meta.db_table)
    return (
        f"EXISTS (SELECT 1 FROM {acts} c JOIN {acts} a ON a.id = c.request_id"
        f" WHERE c.kind = 'confirmed' AND a.kind = 'asked' AND c.person <> a.person AND c.asked_by = a.asked_by"
        f" AND c.host_key = d.host_key AND a.host_key = d.host_key AND a.expires_at > {now})"
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
    decision = q(CreditDecision._meta.db_table)
    for guarded in _guarded_tables():
        table, process = guarded.table, q(guarded.process_column)
        function = guard_name(table, "function")
        unfit = _unfit(guarded, q, decision, "clock_timestamp()", "false")
        yield (
            "",
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" /* {guarded.mark} */ IF {unfit}"
            f" THEN RAISE EXCEPTION '{_HELD}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            f" RETURN NEW; END $$",
        )
        moved = " OR ".join(f"NEW.{c} IS DISTINCT FROM OLD.{c}" for c in ("status", "flow_task", process))
        for verb, when in (
            ("INSERT", f"NEW.status IN {_FORWARD}"),
            ("UPDATE", f"NEW.status IN {_FORWARD} AND ({moved})"),
        ):
            name = guard_name(table, verb)
            yield (
                name,
                f"CREATE TRIGGER {name} BEFORE {verb} ON {q(table)} FOR EACH ROW WHEN ({when})"
                f" EXECUTE FUNCTION {function}()",
            )
