"""The words of a decision: Chinese and English, for the clerk and for the applicant.

A decision holds codes. Here each code has its sentences, in plain tables: one row is one code, with the
clerk's words and then the applicant's, each in Chinese and in English. Braces name facts that are filled in as
data; what platforms wrote is never read as a template.

The applicant reads only what concerns the applicant. A related person's facts are told to that person alone,
records that may belong to somebody else or have expired are named to nobody, and officers stay unnamed.

Source: 个人信息保护法 第二十四条, 第三十五条 (explanation, notice); 行政许可法 第三十八条 (reasons);
domain facts 5.1, 5.2, 5.3, R-44 to R-46.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from approval_hook.policy import sentences as tables
from approval_hook.policy.case import CaseView, Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import (
    Channel,
    Citation,
    Decision,
    FiredMeasure,
    Obligation,
    Outcome,
    Reason,
    RefusedEffect,
    ToleratedMaterial,
    Why,
)
from approval_hook.policy.findings import GONE_STATES, RANK
from approval_hook.policy.masking import mask_text
from approval_hook.policy.reconcile import latest_reports
from approval_hook.policy.records import CreditReport, MatchGrade
from approval_hook.policy.sentences import Audience, Language
from approval_hook.policy.subjects import SubjectKind

__all__ = ["Audience", "Explainer", "Language"]

_RecordKey = tuple[str, str, str]  # party, source, record id


@dataclass(frozen=True)
class Explainer:
    """Says what a decision means, from the rules, the case and the reports it was made of.

    Every method is total: an unknown rule, source or material is named by its id, an unknown record by
    "a record". For the applicant, whatever is about another party gives one and the same neutral sentence.
    """

    rules: RuleSet
    case: CaseView
    reports: Sequence[CreditReport]
    decision: Decision

    def reason(self, reason: Reason, audience: Audience = Audience.CLERK, language: Language = Language.ZH) -> str:
        """Why a party got its outcome, in one or two sentences."""
        if self._hidden(reason.party, audience):
            return tables.SEPARATELY.said(language)
        facts = self._facts(
            (reason.rule,), reason.why, (reason.party, reason.source, reason.record), audience, language
        )
        facts["status"] = tables.STATUS.get(reason.detail, tables.STATUS[""]).said(audience, language)
        facts["degree"] = tables.DEGREES.get(reason.detail, tables.SOME_DEGREE).said(language)
        return self._say(tables.SENTENCES[reason.why].said(audience, language), language, facts)

    def refused(
        self, effect: RefusedEffect, audience: Audience = Audience.CLERK, language: Language = Language.ZH
    ) -> str:
        """Why an effect that somebody might expect was not lawful."""
        if self._hidden(effect.party, audience):
            return tables.SEPARATELY.said(language)
        words = tables.REFUSED.get(effect.why, tables.SENTENCES[effect.why])
        facts = self._facts(effect.rules, effect.why, (effect.party, effect.source, effect.record), audience, language)
        facts["status"] = tables.STATUS[""].said(audience, language)
        facts["degree"] = tables.SOME_DEGREE.said(language)
        return self._say(words.said(audience, language), language, facts)

    def measure(
        self, fired: FiredMeasure, audience: Audience = Audience.CLERK, language: Language = Language.ZH
    ) -> str:
        """What a bar, measure or incentive is, until when, and who decides."""
        if self._hidden(fired.party, audience):
            return tables.SEPARATELY.said(language)
        effect = tables.EFFECTS.get(fired.effect)
        facts = {
            "title": self._title(fired.measure, language),
            "effect": fired.effect if effect is None else effect.said(audience, language),
            "until": self._until(fired, language),
            "force": tables.FORCES[fired.force].said(language),
            "refusal": tables.REFUSALS[fired.may_refuse].said(language),
            "decided": tables.DECIDED.get(fired.effect, tables.BY_SECTION).said(language),
        }
        return self._say(tables.KINDS[fired.kind].said(audience, language), language, facts)

    def obligation(
        self, duty: Obligation, audience: Audience = Audience.CLERK, language: Language = Language.ZH
    ) -> str:
        """What must be done, by whom, by when, and what silence means."""
        if self._hidden(duty.party, audience):
            return tables.SEPARATELY.said(language)
        facts = {
            "by": tables.ACTORS[duty.by].said(language),
            "due": tables.NO_DUE_DATE.said(language) if duty.due_on is None else _weekday(duty.due_on, language),
            "silence": (tables.LAPSES[duty.kind] if duty.lapses else tables.STAYS).said(audience, language),
        }
        return self._say(tables.DUTIES[duty.kind].said(audience, language), language, facts)

    def tolerated(
        self, item: ToleratedMaterial, audience: Audience = Audience.CLERK, language: Language = Language.ZH
    ) -> str:
        """Which missing material may follow, and until when."""
        title = self._materials.get(item.material, item.material)
        day = _weekday(item.supply_until, language)
        return tables.TOLERATED.said(audience, language).format(material=title, day=day)

    def headline(self, audience: Audience = Audience.CLERK, language: Language = Language.ZH) -> str:
        """The outcome of the case in plain words; for the applicant only as far as it reaches the applicant."""
        if audience is Audience.APPLICANT:
            outcome, own = self._reaching
            if not own:
                return tables.THROUGH_OTHERS[outcome].said(language)
            words = tables.HEADLINES[outcome] if self._asked or outcome is not Outcome.ORDINARY else tables.NOT_ASKED
            return self._said(words, audience, language)
        decision = self.decision
        if not any(party.asked for party in decision.parties):
            return self._said(tables.NOT_ASKED, audience, language)
        said = [self._said(tables.HEADLINES[decision.outcome], audience, language)]
        if any(reason.why in tables.UNASKED for reason in decision.reasons):
            said.append(tables.SOME_NOT_ASKED.said(language))
        if decision.recheck_owed and decision.outcome is not Outcome.UNAVAILABLE:
            said.append(tables.RECHECK.said(language))
        return _joined(said, language)

    def citations(self, rule: str) -> tuple[Citation, ...]:
        """Where a rule comes from; empty for an unknown rule."""
        return tuple(basis.citation() for basis in self.rules.rule_basis(rule, self.case.matter))

    def citations_of(self, reason: Reason) -> tuple[Citation, ...]:
        """Everything a reason rests on: its rule, and the ground, the measures or the principle it speaks of."""
        found = [*self.citations(reason.rule)]
        if reason.why in (Why.NOTHING_FOUND, Why.ONLY_BARS_CHECKED):
            ground = self.rules.ground(reason.detail)
            found += self.citations("ask-only-with-ground" if ground is None else ground.id)
        elif reason.why in (Why.LISTED_MEASURE, Why.STRICTER_REVIEW):
            for fired in self._fired.get((reason.party, reason.source, reason.record), ()):
                found += self.citations(fired.measure)
        elif reason.why is Why.RELATED:
            found += self.citations("related-persons-by-law")
        return tuple(dict.fromkeys(found))

    def for_applicant(self, language: Language = Language.ZH) -> tuple[str, ...]:
        """What the applicant may read, in paragraphs: outcome, reasons, what may follow, until when, what to do.

        Returns:
            Paragraphs in reading order. They name no related person's facts, no record that is gone or in
            doubt, no officer and no inner duty.
        """
        reader = Audience.APPLICANT
        decision, own = self.decision, self._applicant
        meaning = tables.MEANINGS[self._reaching[0]]
        reasons = [reason for reason in decision.reasons if reason.party == own]
        said = [
            _joined([self.headline(reader, language), self._say(meaning.said(language), language, {})], language),
            *(self.reason(reason, reader, language) for reason in reasons),
            *(self.measure(fired, reader, language) for fired in decision.measures if fired.party == own),
            *(self.refused(e, reader, language) for e in decision.refused if e.party == own and e.why in tables.TOLD),
        ]
        if any(party.suppressed for party in decision.parties if party.party == own):
            said.append(tables.SENTENCES[Why.GONE].said(reader, language))
        said.append(self._due(language))
        said += [self.tolerated(item, reader, language) for item in decision.tolerated]
        codes = {reason.why for reason in reasons}
        said += [self._say(act.said(language), language, {}) for whys, act in tables.ACTS if whys & codes]
        organ = self.case.organ or tables.WINDOW.said(language)
        said.append(tables.ASK.said(language).format(organ=organ))
        # Said of whoever was named, whatever was found, so that saying it tells nothing.
        if any(party.party != own and party.role != Role.AGENT for party in decision.parties):
            said.append(tables.SEPARATELY.said(language))
        return tuple(dict.fromkeys(said))

    @cached_property
    def _applicant(self) -> str:
        return next((party.ref for party in self.case.parties if party.role is Role.APPLICANT), "")

    @cached_property
    def _you(self) -> tables.Plain:
        kinds = (party.kind for party in self.case.parties if party.role is Role.APPLICANT)
        return tables.YOU[next(kinds, SubjectKind.PERSON)]

    @cached_property
    def _asked(self) -> bool:
        return any(party.asked for party in self.decision.parties if party.party == self._applicant)

    @cached_property
    def _reaching(self) -> tuple[Outcome, bool]:
        """The outcome that reaches the applicant, and whether it is the applicant's own."""
        own = [party.outcome for party in self.decision.parties if party.party == self._applicant]
        others = {party.outcome for party in self.decision.parties if party.party != self._applicant}
        mine = min(own, key=RANK.__getitem__, default=Outcome.ORDINARY)
        stronger = [outcome for outcome in others if outcome in tables.THROUGH_OTHERS and RANK[outcome] < RANK[mine]]
        return (min(stronger, key=RANK.__getitem__), False) if stronger else (mine, True)

    @cached_property
    def _fired(self) -> dict[_RecordKey, list[FiredMeasure]]:
        """Sanctions by party, source and record."""
        found: dict[_RecordKey, list[FiredMeasure]] = {}
        for fired in self.decision.measures:
            if fired.kind == "sanction":
                found.setdefault((fired.party, fired.source, fired.record), []).append(fired)
        return found

    @cached_property
    def _record_titles(self) -> dict[Audience, dict[_RecordKey, str]]:
        """Titles of the records that are not gone; for the applicant only of those that are surely the party's.

        A number that stands for records with different titles names none of them: one may have expired.
        """
        found: dict[Audience, dict[_RecordKey, set[str]]] = {Audience.CLERK: {}, Audience.APPLICANT: {}}
        for party, mine in latest_reports(self.reports).items():
            for report in mine.values():
                for row in report.records:
                    if row.state in GONE_STATES or row.match is MatchGrade.NONE:
                        continue
                    key = (party, row.source, row.record_id)
                    title = mask_text(" ".join(row.title.split()))
                    found[Audience.CLERK].setdefault(key, set()).add(title)
                    if row.match is MatchGrade.EXACT and not report.registered_name_differs:
                        found[Audience.APPLICANT].setdefault(key, set()).add(title)
        return {
            audience: {key: next(iter(titles)) for key, titles in rows.items() if len(titles) == 1}
            for audience, rows in found.items()
        }

    @cached_property
    def _materials(self) -> dict[str, str]:
        matters = (matter for matter in self.rules.matters if matter.code == self.case.matter)
        return {material.code: material.title for matter in matters for material in matter.materials}

    def _hidden(self, party: str, audience: Audience) -> bool:
        return audience is Audience.APPLICANT and party != self._applicant

    def _facts(
        self, rules: Sequence[str], why: Why, key: _RecordKey, audience: Audience, language: Language
    ) -> dict[str, str]:
        """What sentences about a rule, a party and a record may name."""
        party, source, _ = key
        english = language is Language.EN
        applicant = party == self._applicant and why is not Why.RELATED
        titles = [self._title(rule, language) for rule in rules]
        fired = self._fired.get(key, ())
        title = self._record_titles[audience].get(key)
        return {
            "rule": (", " if english else "、").join(titles),
            "rules": _listed(titles, language),
            "party": tables.PARTY[applicant].said(language),
            "identity": tables.IDENTITY[self._kind_of(party)].said(language),
            "named": "" if applicant else tables.NAMED.said(language),
            "source": (source if english else self.rules.source_title(source)) or tables.UNTITLED.said(language),
            "title": title or tables.UNTITLED.said(language),
            "record": tables.THE_RECORD.said(language).format(title=title) if title else tables.A_RECORD.said(language),
            "measures": _listed([self._title(f.measure, language) for f in fired], language)
            or tables.SOME_MEASURES.said(language),
            "years": self._years(rules, language),
        }

    def _kind_of(self, ref: str) -> SubjectKind:
        return next((party.kind for party in self.case.parties if party.ref == ref), SubjectKind.ORGANISATION)

    def _title(self, rule: str, language: Language) -> str:
        return self.rules.rule_title(rule, english=language is Language.EN)

    def _years(self, rules: Sequence[str], language: Language) -> str:
        years = next((r.years for r in self.rules.good_credit_routes if r.id in rules), None)
        return tables.SOME_YEARS.said(language) if years is None else tables.YEARS.said(language).format(years=years)

    def _until(self, fired: FiredMeasure, language: Language) -> str:
        if fired.until is None:
            return tables.ENDLESS[fired.kind].said(language)
        words = tables.LAST_DAY[self.rules.conventions.last_day] if fired.kind == "bar" else tables.UNTIL
        return words.said(language).format(day=_day(fired.until, language))

    def _due(self, language: Language) -> str:
        due = self.decision.due_on
        if due is None:
            return tables.DUE_UNKNOWN.said(language)
        words = tables.DUE_PROVISIONAL if self.decision.due_provisional else tables.DUE
        return words.said(language).format(due=_weekday(due, language))

    def _said(self, words: tables.Words, audience: Audience, language: Language) -> str:
        lane = tables.LANES[self.decision.channel is Channel.GREEN].said(audience, language)
        return self._say(words.said(audience, language), language, {"lane": lane})

    def _say(self, words: str, language: Language, facts: Mapping[str, str]) -> str:
        text = words.format(you=self._you.said(language), **facts)
        return text[:1].upper() + text[1:] if language is Language.EN else text


def _listed(titles: Sequence[str], language: Language) -> str:
    return (", " if language is Language.EN else "、").join(f"“{title}”" for title in titles)


def _joined(sentences: Sequence[str], language: Language) -> str:
    return (" " if language is Language.EN else "").join(sentences)


def _day(day: date, language: Language) -> str:
    if language is Language.EN:
        return f"{day.day} {tables.MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def _weekday(day: date, language: Language) -> str:
    if language is Language.EN:
        return f"{_day(day, language)} ({tables.WEEKDAYS.en.split()[day.weekday()]})"
    return f"{_day(day, language)}（周{tables.WEEKDAYS.zh[day.weekday()]}）"
