"""What docs/command-line.md says of commands and options is what the parser takes, no more and no less."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pytest_rollbacklab.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
COMMON = {"--json", "--yes", "-y", "--accept-data-loss"}


def leaves(group: click.Group = main, *names: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        else:
            yield " ".join((*names, name)), command


COMMANDS = dict(leaves())


def rows() -> dict[str, tuple[str, str]]:
    """Return the page's commands: of each, what follows its name, and its options."""
    section = PAGE.read_text().split("\n## Commands\n")[1].split("\n## ")[0]
    found = {}
    for usage, options in re.findall(r"^\| `([^`]+)` \| .*? \| (.*)\|$", section, re.MULTILINE):
        name = next(name for name in COMMANDS if usage == name or usage.startswith(f"{name} "))
        found[name] = (usage.removeprefix(name).strip(), options)
    return found


def options_of(command: click.Command) -> set[str]:
    options = (parameter for parameter in command.params if isinstance(parameter, click.Option))
    return {spelling for option in options for spelling in (*option.opts, *option.secondary_opts)}


def test_commands_are_listed_in_the_programs_order() -> None:
    assert list(rows()) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_commands_options_are_those_that_it_takes(name: str) -> None:
    _, text = rows()[name]
    named = {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", code)}
    assert named == options_of(COMMANDS[name]) - COMMON


@pytest.mark.parametrize("name", COMMANDS)
def test_each_commands_arguments_are_those_that_it_takes(name: str) -> None:
    usage, _ = rows()[name]
    context = click.Context(COMMANDS[name])
    taken = [
        piece
        for parameter in COMMANDS[name].params
        if isinstance(parameter, click.Argument)
        for piece in parameter.get_usage_pieces(context)
    ]
    assert usage.replace("\\|", "|") == " ".join(taken).replace("{", "").replace("}", "")


def test_what_all_have_in_common_is_said() -> None:
    common = PAGE.read_text().split("\n## What all have in common\n")[1]
    for option in (*COMMON, "-C DIR", "--help", "-h"):
        assert f"`{option}`" in common
    assert re.findall(r"^\| (\d+) \|", common, re.MULTILINE) == ["0", "1", "2", "3", "130"]


def test_the_chapter_is_walked_by_commands_that_can_be_read() -> None:
    chapter = PAGE.read_text().split("\n## Commands\n")[0]
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", chapter, re.M | re.S) for line in block.splitlines()]
    for line in lines:
        program, *words = shlex.split(line)
        if program == "rollbacklab":
            name, command, arguments = main.resolve_command(click.Context(main), words)
            assert command is not None
            command.make_context(name, list(arguments), resilient_parsing=True)
