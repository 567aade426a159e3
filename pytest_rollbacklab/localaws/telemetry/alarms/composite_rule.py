"""The rule of a composite alarm: ``ALARM(a) AND (ALARM("b c") OR NOT OK(c))``, read into a tree.

PutCompositeAlarm's page: functions over alarms by name or ARN, TRUE and FALSE, AND, OR, NOT and parentheses. AT_LEAST
is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.faults import validation_error
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["CompositeRule", "parse_rule"]

_MAX_LENGTH = 10_240
_MAX_ALARMS = 100
_MAX_DEPTH = 100
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[()])|(?P<word>[^\s()"]+))')
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")

Holds = Callable[[Callable[[str], str]], bool]
"""Says whether a rule holds, given what says in which state an alarm is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeRule:
    """A rule, and the alarms that it names."""

    holds: Holds
    alarms: tuple[str, ...]
    """Names, each once."""


def parse_rule(text: str) -> CompositeRule:
    """Return a rule.

    Raises:
        ServiceError: ValidationError where it does not parse; NotImplemented for AT_LEAST.
    """
    if not 0 < len(text) <= _MAX_LENGTH:
        raise validation_error(f"AlarmRule must not be empty, nor longer than {_MAX_LENGTH} characters")
    reader = _Reader(text)
    holds = reader.either()
    if not reader.done:
        raise reader.fault()
    alarms = tuple(dict.fromkeys(reader.alarms))
    if len(alarms) > _MAX_ALARMS:
        raise validation_error(f"AlarmRule must not name more than {_MAX_ALARMS} alarms")
    return CompositeRule(holds=holds, alarms=alarms)


class _Reader:
    """A rule being read from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = [str(found[0]).strip() for found in _TOKEN.finditer(text)]
        self._position = 0
        self._depth = 0
        self.alarms: list[str] = []

    @property
    def done(self) -> bool:
        return self._position == len(self._tokens)

    def fault(self) -> Exception:
        at = "at its end" if self.done else f"at '{self._tokens[self._position]}'"
        return validation_error(f"AlarmRule contains invalid syntax {at}: {self._text}")

    def either(self) -> Holds:
        holds = self._both()
        while self._next("OR"):
            holds = _or(holds, self._both())
        return holds

    def _both(self) -> Holds:
        holds = self._one()
        while self._next("AND"):
            holds = _and(holds, self._one())
        return holds

    def _one(self) -> Holds:
        self._depth += 1
        if self.done or self._depth > _MAX_DEPTH:
            raise self.fault()
        try:
            return self._read_one()
        finally:
            self._depth -= 1

    def _read_one(self) -> Holds:
        if self._next("NOT"):
            inner = self._one()
            return lambda state_of: not inner(state_of)
        if self._next("("):
            inner = self.either()
            self._take(")")
            return inner
        if self._next("TRUE"):
            return lambda _: True
        if self._next("FALSE"):
            return lambda _: False
        if self._next("AT_LEAST"):
            raise not_emulated("AT_LEAST in an AlarmRule", "Write it with AND and OR.")
        state = next((state for state in _STATES if self._next(state)), None)
        if state is None:
            raise self.fault()
        return self._in_state(state)

    def _in_state(self, state: str) -> Holds:
        self._take("(")
        if self.done or self._tokens[self._position] in ("(", ")"):
            raise self.fault()
        named = self._tokens[self._position]
        self._position += 1
        self._take(")")
        name = re.sub(r"\\(.)", r"\1", named[1:-1]) if named.startswith('"') else named
        name = name.partition(":alarm:")[2] if name.startswith("arn:") else name
        self.alarms.append(name)
        return lambda state_of: state_of(name) == state

    def _next(self, token: str) -> bool:
        if self.done or self._tokens[self._position] != token:
            return False
        self._position += 1
        return True

    def _take(self, token: str) -> None:
        if not self._next(token):
            raise self.fault()


def _or(left: Holds, right: Holds) -> Holds:
    return lambda state_of: left(state_of) or right(state_of)


def _and(left: Holds, right: Holds) -> Holds:
    return lambda state_of: left(state_of) and right(state_of)
