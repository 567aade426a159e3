"""What the README and the labs' pages say is so: their commands exist, their code runs, their output is what comes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pytest_rollbacklab import ApiClient, Lab, Stage
from pytest_rollbacklab.cli import main
from pytest_rollbacklab.config import CONFIG_NAME, load_config
from pytest_rollbacklab.report.terminal import table_lines

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
LABS = ROOT / "labs"
PAGES = sorted(
    path
    for path in (README, *ROOT.glob("*/**/*.md"))
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts)
)
LISTED = tomllib.loads((LABS / "labs.toml").read_text())["lab"]
PROMPT = "(Pdb) "


def blocks(page: Path, language: str | None = None) -> list[str]:
    """Return a page's code blocks, indented ones too: those of a language, or all."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [text for named, text in found if language in (None, named)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    gone = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert gone == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("**/*.md")), ids=lambda page: page.name)
def test_modules_that_a_page_names_are_there(page: Path) -> None:
    package = ROOT / "pytest_rollbacklab"
    places = (ROOT, package, package / "localaws", *(package / "localaws").glob("*/"))
    named = re.findall(r"(?<![\w/.:`-])`?([a-z_]+/[a-z0-9_/]*(?:\.\w+)?)(?=[`\s,;:])", page.read_text())
    gone = [
        name for name in named if not any((place / f"{name}{end}").exists() for place in places for end in ("", ".py"))
    ]
    assert gone == []


def test_the_layers_that_are_shown_are_those_that_are_held() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    held = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    shown = [
        [line.partition("  ")[0] for line in block.splitlines()]
        for block in blocks(ROOT / "docs" / "architecture.md")
        if block.startswith((held[0][0], held[1][0]))
    ]
    assert shown == held


class TestReadme:
    def test_holds_the_two_commands_that_set_everything_up(self) -> None:
        lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
        assert [line for line in lines if line.startswith("python3 -m venv")] == [
            "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest labs/",
            "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest",
        ]

    def test_its_drill_passes(self, pytester: pytest.Pytester) -> None:
        (drill,) = blocks(README, "python")
        pytester.makepyfile(drill)
        pytester.runpytest_subprocess("--import-mode=importlib").assert_outcomes(passed=1)

    def test_its_rollbacklab_toml_can_be_read(self, tmp_path: Path) -> None:
        (config,) = blocks(README, "toml")
        (tmp_path / CONFIG_NAME).write_text(config)
        app = load_config(tmp_path)
        assert [stage.name for stage in app.stages] == ["dev", "prod"]

    def test_names_every_option_of_the_plugin(self, pytester: pytest.Pytester) -> None:
        offered = re.findall(r"--rollbacklab-[a-z-]+", pytester.runpytest_subprocess("--help").stdout.str())
        named = re.findall(r"^\| `(--rollbacklab-[a-z-]+)", README.read_text(), re.MULTILINE)
        assert sorted(named) == sorted(set(offered))

    @pytest.mark.parametrize(("fixture", "kind"), [("lab", Lab), ("dev", Stage), ("api", ApiClient)])
    def test_names_what_a_fixture_can_do(self, fixture: str, kind: type) -> None:
        row = re.search(rf"^\| `{fixture}`.*$", README.read_text(), re.MULTILINE)
        assert row
        members = re.findall(r"`(\w+)`", row[0].rpartition(":")[2])
        assert members
        assert [member for member in members if not hasattr(kind, member)] == []

    def test_names_commands_that_exist(self) -> None:
        text = "\n".join(blocks(README, "sh")).replace("\\\n", "")
        called = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("rollbacklab ")]
        assert {words[0] for words in called} <= set(main.commands)  # docs/command-line.md has them all
        for name, *words in called:
            known = {option for parameter in main.commands[name].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known

    def test_names_every_option_of_apitest_that_must_be_given(self) -> None:
        needed = [p.opts[0] for p in main.commands["apitest"].params if isinstance(p, click.Option) and p.required]
        (example,) = (block for block in blocks(README, "sh") if "rollbacklab apitest" in block)
        assert [option for option in needed if f"{option} " not in example] == []


@pytest.mark.parametrize("page", [README, *LABS.glob("*/README*.md")], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_drills_table_is_shown_as_it_is(page: Path) -> None:
    (shown,) = (re.split("  +", block.partition("\n")[0]) for block in blocks(page) if block.startswith("drill "))
    offered = re.split("  +", table_lines([], width=200)[0])
    assert [heading for heading in offered if heading in shown] == shown


class TestLabs:
    def test_each_is_listed(self) -> None:
        assert [entry["id"] for entry in LISTED] == sorted(path.parent.name for path in LABS.glob("*/README.md"))

    @pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["id"])
    def test_each_is_complete(self, entry: dict[str, object]) -> None:
        assert set(entry) == {"id", "title", "file", "difficulty", "minutes"}
        assert (LABS / str(entry["file"])).is_file()
        assert entry["difficulty"] in range(1, 6)
        for language, page in (("en", "README.md"), ("ko", "README.ko.md")):
            heading = (LABS / str(entry["id"]) / page).read_text().partition("\n")[0]
            assert isinstance(entry["title"], dict)
            assert heading.partition(": ")[2] == entry["title"][language]

    @pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["id"])
    def test_both_languages_show_the_same_code(self, entry: dict[str, object]) -> None:
        english, korean = (blocks(LABS / str(entry["id"]) / page) for page in ("README.md", "README.ko.md"))
        assert english == korean

    @pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["id"])
    def test_whoever_walks_through_it_sees_what_the_page_shows(self, entry: dict[str, object], tmp_path: Path) -> None:
        drill = LABS / str(entry["file"])
        script = list(walk_through(LABS / str(entry["id"]) / "README.md", drill))
        said = typed_into_the_debugger(drill, [command for command, _ in script], tmp_path)
        differ = [
            f"{command}\n{output}"
            for (command, shown), output in zip(script, said, strict=True)
            if shown is not None and not is_shown_as(shown, output)
        ]
        assert not differ, "\n".join(differ)


def walk_through(page: Path, drill: Path) -> Iterator[tuple[str, str | None]]:
    """Yield what to type to go through a drill as its page does: each command, and the output that is shown for it."""
    ends = ends_of_steps(drill)
    for section in page.read_text().split("\n### ")[1:]:
        yield f"tbreak {ends[int(section.partition('.')[0]) - 1]}", None
        yield "c", None
        for block in re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            for asked in block.split(PROMPT)[1:]:
                command, _, shown = asked.partition("\n")
                yield command, shown
    yield "c", None


def is_shown_as(shown: str, output: str) -> bool:
    """Whether an output is what a page shows, where ``...`` is for anything and white space does not count."""
    pieces = " ".join(shown.split()).split("...")
    return re.fullmatch(".*".join(map(re.escape, pieces)), " ".join(output.split())) is not None


def ends_of_steps(drill: Path) -> list[int]:
    """Return the line that each step of a drill ends before: the first of the next step, or the drill's last."""
    lines = drill.read_text().splitlines()
    comments = [number for number, line in enumerate(lines, 1) if re.match(r" +# \d+\. ", line)]
    first = [next(n for n in range(start, len(lines)) if "#" not in lines[n - 1]) for start in comments]
    return [*first[1:], len(lines)]


def typed_into_the_debugger(drill: Path, script: list[str], directory: Path) -> list[str]:
    """Run a drill under ``pytest --trace`` and return what was said to each command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--trace", str(drill)],
        input="\n".join(script) + "\n",
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.split(PROMPT)[1:]
