"""The documents say what the code does: names, tables, links and commands are compared with it."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

import pytest
import yaml

import adapters
import approval_hook
from adapters.appkey import AppKeyPlatform
from adapters.gateway import GatewayPlatform
from adapters.http import HttpOptions
from adapters.joint_reward import JointRewardPlatform
from adapters.message_gateway import MessageGatewayPlatform
from adapters.sealed_gateway import SealedGatewayPlatform
from adapters.sms_gateway import SmsGateway
from adapters.submission import SubmissionPlatform
from approval_hook import checks, conf, surroundings
from approval_hook.channels.mail import EmailChannel
from approval_hook.errors import ApprovalHookError
from approval_hook.models import Point
from approval_hook.policy.analysis import analyse
from approval_hook.policy.catalogue import GatePoint, RuleSet
from approval_hook.policy.decision import HEADLINE_ORDER, Channel, ObligationKind, Outcome
from approval_hook.policy.rules import BasisType
from approval_hook.policy.soundness import PRINCIPLES
from workflows.notices import checks as notice_checks
from workflows.notices import errors as notice_errors

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = [*READMES, ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
GLOSSARIES = (DOCS / "reference" / "glossary.md", DOCS / "zh" / "glossary.md")

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (`[^|]+?) \|", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _text(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text(encoding="utf-8")


def _section(text: str, heading: str) -> str:
    """Text under a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def _first_column(text: str) -> set[str]:
    """Every code word in the first column of the tables of a text."""
    return {code for cell in _ROW.findall(text) for code in _CODE.findall(cell)}


def _fences(page: Path, *languages: str) -> list[str]:
    return [body for language, body in _FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def _subclasses(base: type) -> Iterable[type]:
    for child in base.__subclasses__():
        yield child
        yield from _subclasses(child)


def _import_all(package: object) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):  # type: ignore[attr-defined]  # packages have one
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def test_the_example_of_the_guide_to_inject_is_complete(tmp_path: Path) -> None:
    """Its files, written into a new project, migrate, pass every start-up check and the test that it shows."""
    files: dict[str, str] = {}
    for body in _fences(DOCS / "howto" / "inject.md", "python"):
        named = re.match(r"# ([\w/]+\.py)\n", body)
        if named and (named[1] not in files or named[1] == "mysite/settings.py"):
            files[named[1]] = files.get(named[1], "") + body
    environment = {
        **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "CREDIT_PLATFORM_URL": "http://127.0.0.1:9",
        **dict.fromkeys(
            ("SECRET_KEY", "CREDIT_DIGEST_SECRET", "CREDIT_FIELD_SECRET", "CREDIT_PLATFORM_TOKEN"),
            "of-the-example-" * 4,
        ),
    }

    def run(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout + done.stderr

    run("-m", "django", "startproject", "mysite", ".")
    (tmp_path / "licensing").mkdir()
    for name, body in {**files, "licensing/__init__.py": ""}.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    shutil.copytree(ROOT / "fixtures" / "rules" / "guangdong", tmp_path / "rules" / "guangdong")
    run("manage.py", "makemigrations", "licensing")
    run("manage.py", "migrate")
    assert "approval_hook.E" not in run("manage.py", "check", "--database", "default")
    assert "已覆盖" in run("manage.py", "credit_coverage")
    assert "Ran 1 test" in run("manage.py", "test", "licensing")


def test_every_setting_is_in_the_reference_and_the_reverse() -> None:
    """The table of ``APPROVAL_HOOK`` names exactly the keys that the parser knows."""
    text = _text("reference", "settings.md")
    assert _first_column(_section(text, "`APPROVAL_HOOK`")) == conf._REQUIRED | conf._OPTIONAL
    assert _first_column(_section(text, "One entry of `FLOWS`")) == conf._FLOW_REQUIRED | conf._FLOW_OPTIONAL
    assert _first_column(_section(text, "One entry of `PLATFORMS`")) == {
        "BACKEND",
        "OPTIONS",
        "LIMITS",
        "CALLBACK",
        "REUSE_MINUTES",
    }
    assert _first_column(_section(text, "Call-backs of a source")) == {"SECRET", "TOLERANCE", "PER_MINUTE"}
    assert _first_column(_section(text, "Limits of a source")) == conf._LIMITS


def test_required_settings_are_marked_as_required() -> None:
    """The second column says yes for exactly the keys without which the parser refuses."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+)", _section(_text("reference", "settings.md"), "`APPROVAL_HOOK`"), re.M)
    assert {key for key, needed in rows if needed == "yes"} == conf._REQUIRED


#: Options whose value is a secret.
SECRETS = {"token", "login", "key", "sm4_key", "private_key", "des_key"}


@pytest.mark.parametrize(
    "adapter",
    [
        GatewayPlatform,
        AppKeyPlatform,
        JointRewardPlatform,
        SubmissionPlatform,
        SealedGatewayPlatform,
        MessageGatewayPlatform,
        EmailChannel,
        SmsGateway,
    ],
)
def test_every_option_of_an_adapter_is_in_the_reference(adapter: type) -> None:
    """Options are the adapter's keyword arguments, the secret under its suffix, the injected clock left out."""
    path = f"{adapter.__module__}.{adapter.__name__}"
    section = _section(_text("reference", "settings.md"), f"Options of `{path}`")
    taken = set(inspect.signature(adapter.__init__).parameters) - {"self", "name", "base_url", "http", "clock"}
    assert _first_column(section) == {f"{option}_secret" if option in SECRETS else option for option in taken}


def test_the_options_of_every_adapter_are_in_the_reference() -> None:
    """What the shared client takes is told once."""
    section = _section(_text("reference", "settings.md"), "Options of every adapter")
    assert _first_column(section) == {"base_url", *HttpOptions.__annotations__}


def test_every_environment_variable_is_in_the_reference_and_the_reverse() -> None:
    """The application's settings read exactly the variables and secrets that the table names."""
    code = (ROOT / "workflows" / "site" / "settings.py").read_text(encoding="utf-8")
    named = "(?:WORKFLOWS|CREDIT)_[A-Z_]+|SECRETS_DIR|DATABASE_URL"
    read = set(
        re.findall(rf'(?:environ\.get\(|environ\[|_claims\(|_paths\(|_granted\("\w+", |find_secret\()"({named})"', code)
    )
    read |= set(re.findall(r'"((?:WORKFLOWS|CREDIT)_[A-Z_]*(?:SECRET|TOKEN))"', code))
    assert _first_column(_section(_text("reference", "settings.md"), "The application's environment")) == read


def test_every_error_is_in_the_reference_and_the_reverse() -> None:
    """Table and tree name exactly the error classes that plugin, adapters and notices can raise."""
    _import_all(approval_hook)
    _import_all(adapters)
    real = {ApprovalHookError.__name__, *(c.__name__ for c in _subclasses(ApprovalHookError) if _ours(c))}
    text = _text("reference", "errors.md")
    assert _first_column(text) == real
    assert set(re.findall(r"\w+", _fences(DOCS / "reference" / "errors.md", "text")[0])) == real


def _ours(error: type) -> bool:
    return error.__module__.split(".")[0] in {"approval_hook", "adapters"} or error.__module__ == notice_errors.__name__


def test_every_check_is_in_the_reference_and_the_reverse() -> None:
    """The table names exactly the ids that the checks give."""
    sources = "".join(inspect.getsource(module) for module in (checks, surroundings, notice_checks))
    given = set(re.findall(r'id="((?:approval_hook|workflows)\.[EW]\d{3})"', sources))
    assert given
    assert _first_column(_text("reference", "checks.md")) == given


@pytest.mark.parametrize("page", GLOSSARIES, ids=_name)
@pytest.mark.parametrize(
    ("headings", "values"),
    [
        (("Outcome classes", "结果类别"), Outcome),
        (("Channels", "通道"), Channel),
        (("Obligations", "义务"), ObligationKind),
    ],
    ids=["outcomes", "channels", "obligations"],
)
def test_glossary_names_every_value_once(page: Path, headings: tuple[str, str], values: type[Enum]) -> None:
    """Both glossaries list exactly the outcome classes, channels and obligations of the code."""
    heading = headings[GLOSSARIES.index(page)]
    codes = _CODE.findall("\n".join(_ROW.findall(_section(page.read_text(encoding="utf-8"), heading))))
    assert sorted(codes) == sorted(str(v.value) for v in values)


@pytest.mark.parametrize("page", GLOSSARIES, ids=_name)
def test_glossary_names_every_hook_point(page: Path) -> None:
    """Hook points of the evidence and of the rule set are all explained."""
    heading = ("Hook points", "环节")[GLOSSARIES.index(page)]
    known = {p.value for p in Point} | {p.value for p in GatePoint}
    section = _section(page.read_text(encoding="utf-8"), heading)
    assert _first_column(section) == known
    rows = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert sorted(rows) == sorted(known), "one is explained twice"


@pytest.mark.parametrize("page", GLOSSARIES, ids=_name)
def test_glossary_gives_the_headline_order_of_the_code(page: Path) -> None:
    """The order in which outcome classes become the headline is the one that ``evaluate`` uses."""
    heading = ("Outcome classes", "结果类别")[GLOSSARIES.index(page)]
    prose = _section(page.read_text(encoding="utf-8"), heading).split("|", 1)[0]
    assert tuple(re.findall(r"O-\d\d", prose)) == tuple(o.value for o in HEADLINE_ORDER)


def test_glossary_twins_define_the_same_words() -> None:
    """Every English word with its Chinese in one glossary stands in the other, each once."""
    english, chinese = (page.read_text(encoding="utf-8") for page in GLOSSARIES)
    pattern = re.compile(r"^\| ([^|`]+) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
    skip = {"word", "用语", "code", "代码", "---"}
    one = [(en, zh) for en, zh in pattern.findall(english) if en not in skip]
    two = [(en, zh) for zh, en in pattern.findall(chinese) if zh not in skip]
    assert sorted(one) == sorted(two)
    assert len({en for en, _ in one}) == len(one)


def test_lapsing_duties_are_told_as_the_core_has_them() -> None:
    """Decision 4 says "stays" for exactly the duty that the core never lets lapse."""
    rows = re.findall(r"\(`(\w+)`\) \| (\w+)", _text("decisions", "0004-which-holds-lapse.md"))
    stated = {kind for kind, end in rows if end == "stays"}
    policy = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "approval_hook" / "policy").glob("*.py"))
    duties = re.findall(r"ObligationKind\.(\w+),.*?lapses=(True|False)", policy, re.DOTALL)
    assert {kind for kind, _ in rows} == {k.value for k in ObligationKind}
    assert {ObligationKind[name].value for name, lapses in duties if lapses == "False"} == stated


def test_rule_set_guide_names_every_part_and_basis_type() -> None:
    """The guide to rule files explains each field of a rule set and each type of basis."""
    text = _text("howto", "write-a-rule-set.md")
    assert _first_column(_section(text, "Parts")) == set(RuleSet.model_fields)
    assert _first_column(_section(text, "A basis")) == {t.value for t in BasisType}
    assert f"{_COUNT[len(PRINCIPLES)]} general rules" in text


_COUNT = {11: "eleven", 12: "twelve", 13: "thirteen", 14: "fourteen"}


def test_every_measured_fact_has_its_test_and_the_reverse() -> None:
    """The table of facts names exactly the tests of facts."""
    code = (ROOT / "tests" / "integration" / "test_architecture_facts.py").read_text(encoding="utf-8")
    named = re.findall(r"`(test_fact_\w+)`", _text("explanation", "architecture.md"))
    assert sorted(named) == sorted(re.findall(r"^def (test_fact_\w+)", code, re.MULTILINE))


def test_every_test_named_in_a_document_exists() -> None:
    """A document that calls a test to witness names one that is there."""
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "approval_hook" / "testing" / "contract").glob("*.py")]
    there = {n for f in files for n in re.findall(r"def (test_\w+)", f.read_text(encoding="utf-8"))}
    named = {n for page in PAGES for n in re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8"))}
    assert named
    assert named <= there, sorted(named - there)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_relative_links_resolve(page: Path) -> None:
    """A link to a file of this project leads to a file, and to a heading where it names one."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "#")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve()
        assert found.is_file(), f"{_name(page)}: {target}"
        headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in {h.lower().replace(" ", "-") for h in headings}, f"{_name(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_python_examples_are_python(page: Path) -> None:
    """Every Python block of the documents parses, and its imports from this project exist."""
    for body in _fences(page, "python"):
        for node in ast.walk(ast.parse(body)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"approval_hook", "adapters"}:
                module = importlib.import_module(node.module or "")
                missing = [a.name for a in node.names if not hasattr(module, a.name)]
                assert not missing, f"{_name(page)}: {node.module} has no {missing}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_make_and_manage_commands_exist(page: Path) -> None:
    """Each ``make`` target and ``manage.py`` command in a document is there."""
    from django.core.management import get_commands

    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shell = "\n".join(_fences(page, "sh")) + "\n".join(re.findall(r"`((?:make|python|\.venv)[^`]*)`", text))
    assert set(re.findall(r"\bmake ([a-z]+)", shell)) <= targets
    assert set(re.findall(r"manage\.py ([a-z_]+)", shell)) <= set(get_commands())


def test_readme_twins_have_the_same_shape() -> None:
    """The Chinese README follows the English one: as many headings, blocks, table rows, and the same code examples."""
    shapes = []
    for page in READMES:
        text = page.read_text(encoding="utf-8")
        headings, rows = (len(re.findall(pattern, text, re.MULTILINE)) for pattern in (r"^#", r"^\|"))
        shapes.append((headings, len(_FENCE.findall(text)), rows))
    assert shapes[0] == shapes[1]
    assert _fences(READMES[0], "python") == _fences(READMES[1], "python")


def test_readme_shows_what_the_demonstration_expects() -> None:
    """Each row that the READMEs quote is a case of the demonstration with the outcome it expects."""
    cases = yaml.safe_load((ROOT / "fixtures" / "demo" / "cases.yaml").read_text(encoding="utf-8"))["cases"]
    expected = {case["name"]: case["outcome"] for case in cases}
    for page in READMES:
        rows = re.findall(r"^([a-z]+-[a-z-]+) .*? (O-\d\d) ", "\n".join(_fences(page, "text")), re.MULTILINE)
        assert rows
        assert {name: outcome for name, outcome in rows if expected.get(name) != outcome} == {}


def test_readme_states_both_licences() -> None:
    """Both READMEs name this project's licence and Viewflow's, and the project metadata agrees."""
    assert 'license = "Apache-2.0 AND OFL-1.1"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for page in READMES:
        text = page.read_text(encoding="utf-8")
        assert "Apache-2.0" in text
        assert "AGPL-3.0-or-later" in text


def test_readme_names_the_packages_that_ci_installs() -> None:
    """Whoever runs the tests by hand reads the same package names that the CI entry installs."""
    entry = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for package in ("chromium", "fonts-noto-cjk", "postgresql"):
        assert package in entry
        assert all(f"`{package}`" in page.read_text(encoding="utf-8") for page in READMES)


def test_changelog_names_the_version_in_force() -> None:
    """The version of the package has its entry."""
    assert f"## {approval_hook.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_complete_small_rule_set_of_the_guide_is_sound() -> None:
    """What the guide calls complete loads as it stands, and its analysis finds no error."""
    section = _section(_text("howto", "write-a-rule-set.md"), "A complete small rule set")
    (found,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    rules = RuleSet.parse(yaml.safe_load(found))
    assert analyse(rules).errors == ()
