"""What tests of pages share: a small book, a file server below a sub-path, a browser."""

import functools
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"
sys.path.insert(0, str(EXTENSIONS))
SUB_PATH = "/some/course/"


class _Site(SimpleHTTPRequestHandler):
    """A plain file server whose files lie below SUB_PATH and nowhere else."""

    def translate_path(self, path):
        below = path.removeprefix(SUB_PATH) if path.startswith(SUB_PATH) else "not/here"
        return super().translate_path(f"/{below}")

    def log_message(self, *args):
        pass


@contextmanager
def served(folder):
    """Serve a folder on the loopback; yields the address of its root, with a slash."""
    handler = functools.partial(_Site, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def serve():
    """`with serve(folder) as root:`, see `served`."""
    return served


@contextmanager
def opened(browser, **options):
    """Yield a page whose `requests` are recorded; another host or an error fails the test."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.requests, foreign, errors = [], [], []

    def follow(route):
        address = route.request.url
        page.requests.append(address)
        if address.startswith(("http://127.0.0.1:", "data:", "blob:", "file:")):
            return route.continue_()
        foreign.append(address)
        return route.abort()

    def hear(message):
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            errors.append(f"{message.text} {message.location}")

    context.route("**/*", follow)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", hear)
    try:
        yield page
    finally:
        context.close()
    assert foreign == [], "the page asked another host"
    assert errors == [], "the page has errors"


@pytest.fixture
def page(browser):
    """See `opened`."""
    with opened(browser) as page:
        yield page


def assert_accessible(page, selector, but=()):
    """Axe finds nothing in the parts of the page that the selector names, `but` these rules."""
    # With `preload` axe would request style sheets that the theme names in an @import.
    options = {"resultTypes": ["violations"], "preload": False}
    options["rules"] = {rule: {"enabled": False} for rule in but}
    result = Axe().run(page, selector, options)
    assert result.violations_count == 0, result.generate_report()


def build(folder, pages, config="", builder="html"):
    """Build a small book that uses the extensions; return the folder of its site."""
    names = list(pages)
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    chapters = "".join(f"  - file: {name}\n" for name in names[1:])
    toc = f"format: jb-book\nroot: {names[0]}\n"
    (folder / "_toc.yml").write_text(toc + ("chapters:\n" + chapters if chapters else ""))
    (folder / "_config.yml").write_text(CONFIG.format(folder=EXTENSIONS) + config, "utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder, "-W", "-n"]
    done = subprocess.run([*command, "--builder", builder], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "_build" / builder


CONFIG = """\
title: A small book
only_build_toc_files: true
execute: {{execute_notebooks: cache}}
parse: {{myst_enable_extensions: [dollarmath]}}
sphinx:
  extra_extensions: [sphinx-mathjax-offline]
  local_extensions: {{no_thebe: "{folder}", livecell: "{folder}", movable: "{folder}"}}
  config:
    html_context: {{default_mode: auto}}
    nb_merge_streams: true
"""
