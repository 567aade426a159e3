from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_rollbacklab.build.template_text import dump_template, parse_template, read_text
from pytest_rollbacklab.errors import TemplateError


def parsed(text: str) -> dict[str, Any]:
    return parse_template(text, where="template.yaml")


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Table", {"Ref": "Table"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Table, Arn]", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!Sub '${A}-b'", {"Fn::Sub": "${A}-b"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Join [',', [!GetAtt A.B, c]]", {"Fn::Join": [",", [{"Fn::GetAtt": ["A", "B"]}, "c"]]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Transform {Name: X, Parameters: {A: 1}}", {"Fn::Transform": {"Name": "X", "Parameters": {"A": 1}}}),
    ],
)
def test_short_forms_become_long_ones(short: str, long: object) -> None:
    assert parsed(f"Value: {short}") == {"Value": long}


def test_dates_stay_texts() -> None:
    assert parsed("Version: 2012-10-17") == {"Version": "2012-10-17"}


def test_numbers_and_truths_are_kept() -> None:
    assert parsed("a: 10\nb: true\nc: 1.5\nd: null\n200: ok\n") == {"a": 10, "b": True, "c": 1.5, "d": None, 200: "ok"}


def test_aliases_are_followed() -> None:
    assert parsed("a: &x {b: !Ref C}\nd: *x\n") == {"a": {"b": {"Ref": "C"}}, "d": {"b": {"Ref": "C"}}}


def test_json_is_read_in_its_order() -> None:
    assert list(parsed('{"z": 1, "a": {"Ref": "B"}}')) == ["z", "a"]


def test_yaml_that_does_not_parse_names_line_and_column() -> None:
    with pytest.raises(TemplateError) as caught:
        parsed("Resources:\n  A: [1, 2\n  B: 3\n")
    assert str(caught.value).startswith("the template does not parse: did not find expected ',' or ']'\n")
    assert "looked at: template.yaml, line 3, column 4" in str(caught.value)


def test_json_that_does_not_parse_names_line_and_column() -> None:
    with pytest.raises(
        TemplateError, match=r"does not parse: Expecting value\n  looked at: template.yaml, line 2, colu"
    ):
        parsed('{"Resources": {\n  "A": }}')


def test_an_unknown_short_form_is_named() -> None:
    with pytest.raises(TemplateError, match=r"!GetArt is no intrinsic function of CloudFormation\n.*line 2, column 8"):
        parsed("Resources:\n  Name: !GetArt a.b\n".replace("  Name", "  Arn"))


def test_a_key_that_is_there_twice_is_refused() -> None:
    with pytest.raises(
        TemplateError, match=r"the key 'A' is there twice\n  looked at: template.yaml, line 4, column 3"
    ):
        parsed("Resources:\n  A: 1\n  B: 2\n  A: 3\n")
    with pytest.raises(TemplateError, match=r"the key 'A' is there twice"):
        parsed('{"A": 1, "A": 2}')


def test_a_control_character_is_said() -> None:
    with pytest.raises(TemplateError, match=r"does not parse: control characters are not allowed"):
        parsed("a: \x01")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "text", "# only a comment\n"])
def test_what_is_no_mapping_is_said(text: str) -> None:
    with pytest.raises(TemplateError, match="is not a mapping with Resources"):
        parsed(text)


def test_a_template_is_written_as_json_in_its_order() -> None:
    body = parsed("Resources:\n  Z: {Type: 'A::B', Name: 노트}\n  A: !Ref Z\n")
    text = dump_template(body)
    assert json.loads(text) == body
    assert text.index('"Z"') < text.index('"A"')
    assert "노트" in text


@pytest.mark.parametrize("text", ["a: !!binary aGk=", "a: !!timestamp 2012-10-17", "a: .nan"])
def test_values_that_cloudformation_does_not_take_are_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="holds a value that CloudFormation does not take"):
        dump_template(parsed(text))


def test_a_template_that_is_missing_lists_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "template.yml").write_text("")
    with pytest.raises(
        TemplateError, match=r"there is no template template.yaml in the commit\n.*there is template.yml"
    ):
        read_text(tmp_path / "template.yaml", "template.yaml")


def test_a_template_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="not a UTF-8 text"):
        read_text(tmp_path / "template.yaml", "template.yaml")
