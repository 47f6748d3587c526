"""A real browser on the page, opened from its file as by a reader who was sent it.

Skipped where the browser is missing. What the page complains of fails the test.
"""

import os
import shutil

import pytest

from isomorph import report

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep a screenshot of every page that is open while a test fails, and say where."""
    made = yield
    pages = [one for one in getattr(item, "open_pages", []) if not one.is_closed()]
    if made.when == "call" and made.failed and pages:
        folder = item.funcargs["tmp_path_factory"].mktemp("screenshots")
        for n, page in enumerate(pages):
            page.screenshot(path=folder / f"{item.name}-{n}.png")
        made.sections.append(("Screenshots", str(folder)))
    return made


@pytest.fixture(scope="module")
def chromium():
    """A running browser; closed with the module, as its event loop is in the way of others."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next((found for one in NAMES if (found := shutil.which(one))), None)
    if program is None:
        pytest.skip(f"needs a browser: none of {', '.join(NAMES)} is installed")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=root)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report_file(drawn):
    """The page of a small study with its figures."""
    return report.run(drawn)


@pytest.fixture
def visit(chromium, request, tmp_path_factory):
    """Return `visit(file, fragment="", width=1280, **context)`: it opens a file, returns the page.

    A phone is 390 wide; `context` takes playwright's own words, such as `color_scheme`,
    `has_touch` and `java_script_enabled`. The test fails on any error of a script, any message of
    warning or error in the console, and any address that is asked for outside the file.
    """
    contexts, complaints = [], []
    request.node.open_pages = []

    def open_page(file, fragment="", width=1280, **context):
        size = {"width": width, "height": 900}
        contexts.append(chromium.new_context(**{"viewport": size, **context}))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: said.type in {"error", "warning"}
                and complaints.append(f"console: {said.text}"))  # fmt: skip
        page.on("request", lambda asked: asked.url.startswith(("http", "ws"))
                and complaints.append(f"asked for {asked.url}"))  # fmt: skip
        request.node.open_pages.append(page)
        page.goto(f"{file.as_uri()}{fragment}")
        return page

    yield open_page
    for one in contexts:
        one.close()
    assert complaints == []
