"""A real Chromium on a real lab: who looks, and what must never be seen whatever the test.

Each page is watched: errors in the console, what the Content-Security-Policy refused, failed requests and requests
to anywhere else end the test. The browser lives as long as one module, since Playwright's loop runs in this thread.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

CHROMIUM = Path("/usr/bin/chromium")
REQUIRED = "ROLLBACKLAB_REQUIRE_BROWSER"
PICTURES = "ROLLBACKLAB_PICTURES"
WAIT_MS = 30_000
TALLEST_PX = 1100
VIOLATIONS = """addEventListener("securitypolicyviolation",
  (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))"""


def missing() -> str | None:
    """Return what the browser tests lack here, or None."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return None if CHROMIUM.exists() else f"there is no {CHROMIUM}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if reason := missing():
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {reason}")
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in a browser window of its own; options are those of Playwright's new_context."""
    complaints: list[str] = []
    contexts = []

    def open_page(url: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options)
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(VIOLATIONS)
        page = context.new_page()
        watch(page, urllib.parse.urlsplit(url).netloc, complaints)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def watch(page: Page, host: str, complaints: list[str]) -> None:
    """Write down whatever must not be seen on a page."""

    def failed(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # what a page that is left was still reading
            complaints.append(f"{request.url} failed: {request.failure}")

    def asked(request: Request) -> None:
        if urllib.parse.urlsplit(request.url).netloc != host:
            complaints.append(f"asked for {request.url}")

    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", failed)
    page.on("request", asked)


@pytest.fixture(scope="session")
def picture() -> Callable[..., None]:
    """Take a picture of a page for the docs, where they are asked for: see tools/pictures.py."""
    folder = os.environ.get(PICTURES)

    def take(page: Page, name: str, *, width: int = 1280, scheme: str = "light") -> None:
        if folder is None:
            return
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 600})
        page.evaluate("scrollTo(0, 0)")
        height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST_PX)
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled", clip=clip)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})

    return take
