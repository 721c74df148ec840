"""The words of a promise, and who may not make another (L-06, L-10, L-13)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from approval_hook.errors import RulesInvalid
from approval_hook.policy.promisetexts import PLACES, bar_in_force, worded

from .building import rules, rules_with

FACTS = {place: f"<{place}>" for place in PLACES}
ON = date(2026, 10, 12)


def test_the_shipped_promise_takes_every_fact_once_and_reads_none_again() -> None:
    """A name in braces is a name."""
    text = rules().promise_text("tolerance")
    assert text is not None
    read = worded(text, FACTS | {"applicant": "{until}公司"})
    assert read.startswith("容缺受理承诺书\n申请人{until}公司（")
    assert read.count("<until>") == 1
    assert "不因此受到不利影响" in read
    assert rules().promise_text("notification") is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"paragraphs": ["{applicant}{matter}{materials}{untill}"]}, "办件没有“{untill}”"),
        ({"paragraphs": ["{applicant}{matter}{materials}"]}, "缺少“{until}”"),
        ({"paragraphs": ["{applicant}{matter}{materials}{until}}"]}, "花括号不成对"),
    ],
)
def test_a_text_that_would_not_bind_is_refused(change: dict[str, Any], why: str) -> None:
    """The mistake is found when the rules are read, not when somebody signs."""

    def spoil(data: dict[str, Any]) -> None:
        data["promise_texts"][0] |= change

    with pytest.raises(RulesInvalid, match=why):
        rules_with(spoil)


def test_one_text_a_kind() -> None:
    """Nobody could say which of two was signed."""
    with pytest.raises(RulesInvalid, match="promise_texts 的 kind"):
        rules_with(lambda data: data["promise_texts"].append(data["promise_texts"][0] | {"id": "another"}))


def test_a_breach_bars_only_where_a_law_says_so() -> None:
    """Shenzhen's regulation does; in Guangzhou nothing follows from a breach."""
    bars = rules().promise_bars
    found = bar_in_force(bars, "tolerance", "440304", ON)
    assert found is not None
    assert found.basis[0].article == "第五十九条"
    assert bar_in_force(bars, "tolerance", "440104", ON) is None
    assert bar_in_force(bars, "tolerance", "440304", date(2023, 2, 28)) is None
    ended = [bars[0].model_copy(update={"valid_to": date(2026, 10, 11)})]
    assert bar_in_force(ended, "tolerance", "440304", ON) is None
    other = [bars[0].model_copy(update={"kinds": ("notification",)})]
    assert bar_in_force(other, "tolerance", "440304", ON) is None
    national = [bars[0].model_copy(update={"scope": "national"})]
    assert bar_in_force(national, "tolerance", "440104", ON) is not None
    doubtful = bars[0].basis[0].model_copy(update={"verified": False})
    assert bar_in_force([bars[0].model_copy(update={"basis": (doubtful,)})], "tolerance", "440304", ON) is None


def test_a_bar_without_law_where_it_applies_is_refused() -> None:
    """No basis, no adverse effect (L-01)."""

    def widen(data: dict[str, Any]) -> None:
        data["promise_bars"][0]["scope"] = "province:44"

    with pytest.raises(RulesInvalid, match="promise_bars"):
        rules_with(widen)
