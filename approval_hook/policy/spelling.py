"""Rule data as people keep it, with documents, bases and clocks named by id, and as the models hold it, written out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from approval_hook.policy.rules import GatePoint, LegalBasis, Part
from approval_hook.policy.soundness import structural_problems

if TYPE_CHECKING:
    from approval_hook.policy.catalogue import RuleSet

Plain = dict[str, Any]

#: What a basis takes from its document.
_OF_THE_DOCUMENT = ("version", "type", "scope")


def written_out(data: Mapping[str, object]) -> tuple[Plain, list[str]]:
    """Replace every id of a basis and of a matter's clock by what it names.

    Returns:
        The data for the models, and every reference that names nothing. What is malformed otherwise
        stays as it is, for the models to say.
    """
    whole: Plain = dict(data)
    problems: list[str] = []
    bases = _bases(whole, problems)
    whole = {key: _with_bases(value, bases, key, problems) for key, value in whole.items()}
    clocks = {str(clock.get("id")): clock for clock in _rows(whole.get("clocks"))}
    matters = whole.get("matters")
    if isinstance(matters, list):
        whole["matters"] = [_with_clock(matter, clocks, problems) for matter in matters]
    return whole, problems


def _rows(value: object) -> list[Plain]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _bases(whole: Plain, problems: list[str]) -> dict[str, LegalBasis]:
    rows = whole.get("bases")
    if not isinstance(rows, list):
        return {}
    documents = {str(d.get("id")): d for d in _rows(whole.get("documents"))}
    bases: dict[str, LegalBasis] = {}
    kept: list[object] = []  # with what is no row, and a second row of one id, for the models and their checks to say
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            kept.append(row)
            continue
        place = f"bases({row.get('id', number)})"
        problems.extend(
            f"{place}.{key}：取自所引的文件，不在依据中填写；请从本行删除，需要改动时修改 documents 中的文件。"
            for key in _OF_THE_DOCUMENT
            if key in row
        )
        document = documents.get(str(row.get("document")))
        if document is None:
            problems.append(f"{place}.document：文件“{row.get('document')}”不在 documents 中；请补上该文件或改正编号。")
            continue
        given = {**row, "document": document.get("title"), **{key: document.get(key) for key in _OF_THE_DOCUMENT}}
        try:
            basis = LegalBasis.model_validate(given)
        except ValidationError as error:
            problems.extend(f"{place}.{problem}" for problem in structural_problems(error))
            continue
        bases[basis.id] = basis
        kept.append(basis)
    whole["bases"] = kept
    return bases


def _with_bases(value: object, bases: Mapping[str, LegalBasis], place: str, problems: list[str]) -> object:
    if isinstance(value, list):
        return [_with_bases(item, bases, _place(place, number, item), problems) for number, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    found: Plain = {}
    for key, item in value.items():
        if key == "basis" and isinstance(item, list):
            named = []
            for name in item:
                if isinstance(name, str) and name in bases:
                    named.append(bases[name])
                elif isinstance(name, str):
                    problems.append(f"{place}.basis：依据“{name}”不在 bases 中；请补上该依据或改正编号。")
                else:
                    problems.append(f"{place}.basis：依据应写编号；请改为 bases 中的编号。")
            found[key] = named
        else:
            found[key] = _with_bases(item, bases, f"{place}.{key}", problems)
    return found


def _place(place: str, number: int, item: object) -> str:
    name = (item.get("id") or item.get("code")) if isinstance(item, dict) else None
    return f"{place}({name})" if isinstance(name, str) else f"{place}[{number}]"


def _with_clock(matter: object, clocks: Mapping[str, Plain], problems: list[str]) -> object:
    if not isinstance(matter, dict) or not isinstance(matter.get("clock"), str):
        return matter
    clock = clocks.get(matter["clock"])
    if clock is None:
        problems.append(
            f"matters({matter.get('code')}).clock：期限“{matter['clock']}”不在 clocks 中；请补上该期限或改正编号。"
        )
        return matter
    return {**matter, "clock": clock}


def spelled(rules: RuleSet) -> Plain:
    """The inverse of ``written_out``: plain JSON values with documents, bases and clocks by id."""
    every_point = {point.value for point in GatePoint}
    documents = {(d.title, d.version): d.id for d in rules.documents}
    plain: Plain = {name: _spell(getattr(rules, name)) for name in type(rules).model_fields}
    plain["bases"] = [
        {
            "id": b.id,
            "document": documents[b.document, b.version],
            "article": b.article,
            "quote": b.quote,
            "verified": b.verified,
        }
        for b in rules.bases
    ]
    for matter in plain["matters"]:
        matter["clock"] = matter["clock"]["id"]
        # Unwritten where it says nothing new, so that a rule set keeps the digest it had before there was the field.
        if set(matter["points"]) == every_point:
            del matter["points"]
    for source in plain["sources"]:
        if not source["keep_raw"]:
            del source["keep_raw"]
    for part in (
        "exemptions",
        "excluded_procedures",
        "messages",
        "reminders",
        "lapses",
        "promise_texts",
        "promise_bars",
    ):
        if not plain[part]:
            del plain[part]
    return plain


def _spell(value: object) -> Any:
    if isinstance(value, LegalBasis):
        return value.id
    if isinstance(value, Part):
        return {name: _spell(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple):
        return [_spell(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
