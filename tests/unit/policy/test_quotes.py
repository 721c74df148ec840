"""Every verified basis of the shipped rules is quoted word for word from its own article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from approval_hook.policy.rules import LegalBasis

from .building import ROOT, rules

SHARED = ROOT.parent / "shared"
POLICIES = {
    "粤府〔2016〕133号": "002_d0a8bccd7fb7035a.txt",
    "粤办函〔2017〕442号": "000_c8ff5abce3d48a42.txt",
    "国办发〔2016〕98号": "004_5c48eb347a09940e.txt",
    "粤发改信用〔2019〕172号": "003_36f7d80893261eec.txt",
}
HEADS = "一二三四五六七八九十"


def bases(value: object) -> Iterator[LegalBasis]:
    """Every basis anywhere below a part of the rule set."""
    if isinstance(value, LegalBasis):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from bases(item)
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from bases(getattr(value, name))


def squeezed(text: str) -> str:
    """Text without white space, because the stored policies are hard-wrapped."""
    return re.sub(r"[\s\u200b]", "", text)


def statute_article(folder: Path, basis: LegalBasis) -> str:
    """The text of one article of one version of a statute."""
    path = folder / f"{basis.document}({basis.version}).md"
    found: list[str] = []
    inside = False
    for line in path.read_text(encoding="utf-8").splitlines():
        head = re.match(r"\s*(第[〇零一二三四五六七八九十百]+条)\s", line)
        if head or line.startswith("#"):
            inside = bool(head) and head is not None and head.group(1) == basis.article
        if inside:
            found.append(line)
    return squeezed("".join(found))


def policy_item(folder: Path, basis: LegalBasis) -> str:
    """The text of one numbered item of a policy document."""
    text = squeezed((folder / POLICIES[basis.document]).read_text(encoding="utf-8"))
    text = text.replace("(", "（").replace(")", "）")
    section = re.fullmatch(rf"([{HEADS}])（([{HEADS}])）", basis.article)
    if section:
        text = text[text.index(f"{section.group(1)}、") :]
        begin, end = f"（{section.group(2)}）", rf"（[{HEADS}]+）|[{HEADS}]、"
    elif basis.article.isdigit():
        begin, end = f"{basis.article}.", rf"{int(basis.article) + 1}\."
    else:
        begin, end = basis.article, rf"（[{HEADS}]+）"
    start = text.index(begin) + len(begin)
    stop = re.compile(end).search(text, start)
    return text[start : stop.start() if stop else None]


ALL = sorted(set(bases(rules())), key=lambda b: (b.document, b.article, b.quote))


@pytest.mark.parametrize("basis", ALL, ids=lambda b: f"{b.document}-{b.article}")
def test_the_quote_stands_in_that_very_article(basis: LegalBasis) -> None:
    """A verified quote is found in its article of the stored version; an unverified one claims no text."""
    if not basis.verified:
        assert not (SHARED / "statutes" / f"{basis.document}({basis.version}).md").exists()
        return
    assert (SHARED / "statutes").is_dir(), "the stored statute texts are missing; the quotes cannot be checked"
    if basis.document in POLICIES:
        article = policy_item(SHARED / "policies", basis)
    else:
        article = statute_article(SHARED / "statutes", basis)
    assert article, "no such article"
    assert squeezed(basis.quote) in article
