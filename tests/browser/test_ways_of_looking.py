"""The console for everybody: without script, by keyboard, on a phone, in Korean, in the dark, and with hostile words.

One lab serves all; its app is live on dev and on prod, and tests leave it able to promote.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from pytest_rollbacklab.up.place_file import LabFile
    from tests.conftest import Up

    NewApp = Callable[[Path], AbstractContextManager[Up]]

HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>'
PAGES = (
    "/",
    "/builds",
    "/builds/1",
    "/activity",
    "/activity/1",
    "/labs",
    "/labs/01-gibberish",
    "/settings",
    *(
        f"/stages/{stage}{path}"
        for stage in ("dev", "prod")
        for path in (
            "",
            "/releases",
            "/resources",
            "/access-logs",
            "/metrics",
            "/settings",
            "/functions/CreateFunction/logs",
            "/functions/CreateFunction/metrics",
        )
    ),
)
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  return [document.activeElement.innerText, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0];
}"""


@pytest.fixture(scope="module")
def lab(browser: Browser, new_app: NewApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, LabFile]]:
    with new_app(tmp_path_factory.mktemp("browser") / "notes") as up:
        place = up.start()
        push(up, HOSTILE)
        yield up, place


def push(up: Up, message: str) -> subprocess.CompletedProcess[str]:
    up.git("add", "--all")
    assert up.git("commit", "--quiet", "--allow-empty", "-m", message).returncode == 0
    pushed = up.push()
    assert pushed.returncode == 0, pushed.stderr
    return pushed


def expect_done(page: Page) -> None:
    from playwright.sync_api import expect

    expect(page).to_have_url(re.compile(r"/activity/\d+$"))
    expect(page.locator("#outcome")).to_have_text("done")


def test_promote_switch_logs_on_and_probe_without_script(lab: tuple[Up, LabFile], look: Callable[..., Page]) -> None:
    _, place = lab
    page = look(f"{place.console_url}/", java_script_enabled=False)
    page.get_by_role("button", name="Promote to prod…").click()
    page.get_by_role("button", name="Confirm").click()
    expect_done(page)  # the page asks for itself again
    page.get_by_role("link", name="To prod").click()
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Access logs").click()
    page.get_by_role("button", name="Switch on").click()
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Releases").click()
    page.get_by_role("button", name="Send a probe").click()
    assert "200" in page.locator("#answer").inner_text()
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Access logs").click()
    assert page.get_by_role("row").filter(has_text="/notes").count() == 1


def test_a_promotion_by_keyboard_alone_with_the_focus_always_seen(
    lab: tuple[Up, LabFile], look: Callable[..., Page]
) -> None:
    up, place = lab
    push(up, "By keyboard")
    page = look(f"{place.console_url}/")
    for name in ("Promote to prod…", "Confirm"):
        tab_to(page, name)
        page.keyboard.press("Enter")
        if name != "Confirm":
            page.wait_for_url(re.compile("/plans/"))
    expect_done(page)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until this has the focus; whatever has it on the way is seen to have it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        text, is_seen = page.evaluate(FOCUS)
        assert is_seen, f"nothing shows that {text!r} has the focus"
        if text.strip() == name:
            return
    pytest.fail(f"Tab does not lead to {name!r}")


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(path: str, lab: tuple[Up, LabFile], look: Callable[..., Page]) -> None:
    page = look(lab[1].console_url + path, viewport={"width": 360, "height": 740})
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_it_speaks_korean_to_who_asks_for_it(lab: tuple[Up, LabFile], look: Callable[..., Page]) -> None:
    page = look(f"{lab[1].console_url}/", locale="ko-KR")
    assert page.locator("html").get_attribute("lang") == "ko"
    page.get_by_role("heading", name="빌드").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Builds").wait_for()


def test_it_is_dark_for_who_wants_it_dark(lab: tuple[Up, LabFile], look: Callable[..., Page]) -> None:
    def lightness(scheme: str) -> int:
        page = look(f"{lab[1].console_url}/", color_scheme=scheme)
        # A canvas tells any colour in the same way, however the style sheet writes it.
        code = """() => {
          const drawing = document.createElement('canvas').getContext('2d');
          drawing.fillStyle = getComputedStyle(document.body).backgroundColor;
          drawing.fillRect(0, 0, 1, 1);
          return drawing.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((sum, one) => sum + one);
        }"""
        return int(page.evaluate(code))

    assert lightness("light") > 600
    assert lightness("dark") < 200


def test_markup_in_a_commit_message_and_a_reason_is_text(lab: tuple[Up, LabFile], look: Callable[..., Page]) -> None:
    page = look(f"{lab[1].console_url}/stages/dev")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_text("Pin…").click()
    page.get_by_label("Reason (if you like)").fill(HOSTILE)
    page.get_by_role("button", name="Pin dev").click()
    page.get_by_text(f"“{HOSTILE}”").first.wait_for()
    for path in ("/", "/builds", "/builds/1", "/activity", "/stages/dev", "/stages/dev/metrics"):
        page.goto(lab[1].console_url + path)
        if path != "/stages/dev/metrics":
            page.get_by_text(HOSTILE).first.wait_for()
        assert page.locator("img[src=x], main script").count() == 0
        assert page.title() != "1"
    assert asked == []
    page.goto(f"{lab[1].console_url}/stages/dev")
    page.get_by_role("button", name="Release pin").click()
    page.get_by_role("button", name="Yes, do it").click()
    page.get_by_text("Pin…").wait_for()


def test_a_workshop_shows_everybody(
    new_app: NewApp, tmp_path: Path, look: Callable[..., Page], picture: Callable[..., None]
) -> None:
    with new_app(tmp_path / "notes") as up:
        page = look(f"{up.start('--students', 'ann,bob').console_url}/workshop")
        for name in ("ann", "bob"):
            page.locator(f"#student-{name} .chip.live", has_text="build 1").wait_for()
        picture(page, "workshop")
        page.context.close()  # before the lab ends, which its streams would complain of
