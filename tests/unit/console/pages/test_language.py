"""The console's languages."""

from __future__ import annotations

from console.conftest import Console
from console.page import page, read


def test_is_the_browsers_until_one_is_chosen(console: Console) -> None:
    assert page(console, "/", "ko-KR,ko;q=0.9").one("title").text.startswith("dev 장애")
    chosen = console.get("/", **{"Accept-Language": "ko", "Cookie": "rollbacklab_language=en"})
    assert read(chosen.text).one("html").attributes["lang"] == "en"


def test_one_that_is_not_spoken_is_refused(console: Console) -> None:
    assert console.post("/language", {"language": "tlh"}).status == 400


def test_korean_pages_have_no_english_sentence_of_ours(console: Console) -> None:
    for path in (
        "/",
        "/stages/prod",
        "/stages/prod/plans/p1",
        "/stages/prod/settings",
        "/activity/12",
        "/builds/7",
    ):
        text = page(console, path, "ko").one("main").text
        for english in ("Pushes build", "Roll back", "Promote", "changes", "healthy", "Release pin", "requests"):
            assert english not in text, path
