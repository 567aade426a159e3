"""The chapter by clicks: a bad push, its promotion, the 502, the logs, the metrics and the rollback.

Nothing is waited for but by the page itself, and the overview is never loaded again: what changes arrives by itself.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from pytest_rollbacklab.up.place_file import LabFile
    from tests.conftest import Up

pytest.importorskip("playwright.sync_api") if os.environ.get("ROLLBACKLAB_REQUIRE_BROWSER") != "1" else None
from playwright.sync_api import expect  # noqa: E402

REASON = "users get 502"
FIRST_LINE = "def main(event, context):\n"


class Person:
    """Somebody with a terminal in the app's directory and a browser on the lab."""

    def __init__(self, up: Up, place: LabFile, page: Page) -> None:
        self.up = up
        self.place = place
        self.page = page

    def push(self, message: str) -> None:
        """Commit and push, and see it come live on dev while the overview stays as it was loaded."""
        self.up.git("add", "--all")
        assert self.up.git("commit", "--quiet", "--allow-empty", "-m", message).returncode == 0
        self.page.evaluate("document.body.dataset.neverLoadedAgain = 'so'")
        with subprocess.Popen(
            ["git", "push", "lab", "main"], cwd=self.up.directory, stderr=subprocess.PIPE, text=True
        ) as push:
            expect(self.region("Builds")).to_contain_text(message)
            expect(self.stage("dev")).to_contain_text(message)
            told = push.communicate(timeout=120)[1]
        assert push.returncode == 0, told
        expect(self.page.locator("body")).to_have_attribute("data-never-loaded-again", "so")

    def stage(self, name: str) -> Locator:
        return self.page.get_by_role("article", name=name, exact=True)

    def region(self, heading: str) -> Locator:
        return self.page.locator("section", has=self.page.get_by_role("heading", name=heading, exact=True))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def go(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", name=text)).to_be_visible()

    def overview(self) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name="Overview").click()

    def confirm(self) -> None:
        """Confirm a plan, and watch its activity to the end."""
        self.press("Confirm")
        expect(self.page).to_have_url(re.compile(r"/activity/\d+$"))
        expect(self.page.locator("#outcome")).to_have_text("done")

    def probe(self, status: int) -> None:
        """Send the probe from prod's page, and see the answer."""
        self.page.goto(f"{self.place.console_url}/stages/prod")
        self.press("Send a probe")
        expect(self.page.locator("#answer")).to_contain_text(str(status))


@pytest.fixture
def person(up: Up, look: Callable[..., Page]) -> Person:
    place = up.start()
    return Person(up, place, look(f"{place.console_url}/"))


def make_the_mistake(directory: Path) -> None:
    file = directory / "functions" / "create.py"
    assert FIRST_LINE in file.read_text()
    file.write_text(file.read_text().replace(FIRST_LINE, f"{FIRST_LINE}    gibberish.what\n"))


def test_the_chapter_by_clicks(person: Person, picture: Callable[..., None]) -> None:
    picture(person.page, "empty")
    begin(person, picture)
    break_prod(person, picture)
    look_why(person, picture)
    see_the_metrics_move(person, picture)
    roll_back(person, picture)
    push_while_pinned(person, picture)


def begin(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    person.push("Notes API")
    person.press("Promote to prod…")
    person.heading("Promote build 1 to prod")
    person.confirm()
    picture(page, "activity-done")
    person.go("To prod")
    expect(page.locator("#stage-prod")).to_contain_text("Notes API")
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Settings").click()
    person.press("Switch on")
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    picture(page, "stage-settings")
    person.probe(200)
    person.overview()


def break_prod(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    make_the_mistake(person.up.directory)
    person.push("Making a mistake")
    picture(page, "before-promote")
    person.press("Promote to prod…")
    person.heading("Promote build 2 to prod")
    row = page.get_by_role("row", name=re.compile("CreateFunction AWS::Lambda::Function"))
    expect(row).to_contain_text("Modify")
    expect(page.get_by_text(re.compile("Nothing (but old versions )?is deleted"))).to_be_visible()
    picture(page, "change-set")
    person.confirm()
    for _ in range(3):
        person.probe(502)


def look_why(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    person.overview()
    expect(person.stage("prod")).to_contain_text(re.compile("% of calls fail"))
    expect(page).to_have_title(re.compile("prod"))
    picture(page, "broken")
    picture(page, "broken-dark", scheme="dark")
    picture(page, "broken-phone", width=360)
    person.stage("prod").get_by_role("link", name="prod", exact=True).click()
    picture(page, "stage")
    person.go("Resources")
    picture(page, "resources")
    person.go(re.compile("^Access logs"))
    failed = page.get_by_role("row").filter(has_text="/notes").filter(has_text="502").first
    expect(failed).to_contain_text("server error")
    picture(page, "access-logs")
    picture(page, "access-logs-phone", width=360)
    failed.get_by_role("link", name=re.compile("^request")).click()
    expect(page.get_by_text("name 'gibberish' is not defined").first).to_be_visible()
    picture(page, "evidence")
    person.go("In the log of CreateFunction")
    expect(page.get_by_role("log")).to_contain_text("NameError")
    expect(page.get_by_text("Only the lines of request")).to_be_visible()
    picture(page, "function-logs")


def five_hundreds(page: Page) -> int:
    told = page.locator("#metrics .legend li", has_text=re.compile("5xx", re.IGNORECASE)).first.inner_text()
    return int(re.findall(r"\d+", told)[1])


def see_the_metrics_move(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Metrics").click()
    before = five_hundreds(page)
    assert before == 3
    person.probe(502)
    page.get_by_role("navigation", name="prod").get_by_role("link", name="Metrics").click()
    assert five_hundreds(page) == before + 1
    expect(page.get_by_role("region", name="Deployments")).to_contain_text("Making a mistake")
    assert page.locator("svg.chart text.mark").count() > 0
    picture(page, "metrics")
    picture(page, "metrics-dark", scheme="dark")


def roll_back(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    person.overview()
    person.stage("prod").get_by_role("button", name="Roll back…").click()
    person.heading("What this will not bring back")
    expect(page.get_by_text(re.compile("NotesTable")).first).to_be_visible()
    page.get_by_label("Reason").fill(REASON)
    picture(page, "rollback-plan")
    person.confirm()
    person.probe(200)
    person.overview()
    expect(person.stage("prod")).to_contain_text("pinned")
    expect(person.stage("prod")).to_contain_text(REASON)


def push_while_pinned(person: Person, picture: Callable[..., None]) -> None:
    page = person.page
    file = person.up.directory / "functions" / "create.py"
    file.write_text(file.read_text().replace("    gibberish.what\n", ""))
    person.push("Fixing the mistake")
    expect(person.stage("prod")).to_contain_text("Notes API")
    expect(person.stage("prod")).not_to_contain_text("Fixing the mistake")
    expect(person.stage("dev")).to_contain_text("prod is pinned")
    picture(page, "pinned")
    person.press("Release pin")
    page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
    expect(page.get_by_role("button", name="Release pin")).to_have_count(0)
    for name, path in (("activity", "/activity"), ("builds", "/builds"), ("settings", "/settings"), ("labs", "/labs")):
        page.goto(person.place.console_url + path)
        picture(page, name)
