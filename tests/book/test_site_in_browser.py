"""Every page of the built site as a reader sees it: light and dark, desktop and phone."""

import pytest

from tests.book.conftest import assert_accessible, opened, served
from tests.book.test_site import CHAPTERS, PAGES, SITE

pytestmark = [pytest.mark.site, pytest.mark.browser]
# The roles that docutils gives to a bibliography and its entries, which ARIA deprecates.
DOCUTILS = ("aria-allowed-role", "aria-deprecated-role", "aria-required-children")
WIDTHS = {"desktop": 1280, "phone": 390}


@pytest.fixture(scope="module")
def root():
    with served(SITE) as address:
        yield address


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_the_window_and_is_accessible(browser, root, page, theme, width):
    look = {"viewport": {"width": WIDTHS[width], "height": 900}, "color_scheme": theme}
    with opened(browser, **look, reduced_motion="reduce") as window:
        window.goto(f"{root}{page}.html", wait_until="load")
        assert window.locator("html").get_attribute("data-theme") == theme
        if window.locator("article .math").count():
            window.wait_for_selector("article mjx-container", state="attached")
            assert window.locator("mjx-merror").count() == 0
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert window.evaluate(overflow) == 0
        assert_accessible(window, "article", but=DOCUTILS if page == "book/references" else ())


@pytest.mark.parametrize("page", CHAPTERS)
def test_live_cells_print_in_the_browser_what_the_build_printed(browser, root, page):
    with opened(browser) as window:
        window.goto(f"{root}{page}.html", wait_until="load")
        cells = window.locator("div.cell.tag_live")
        assert cells.count() >= 1
        for k in range(cells.count()):
            cell = cells.nth(k)
            outputs = cell.locator(".cell_output")
            built = outputs.first.inner_text() if outputs.count() else ""
            cell.locator(".live-run").click()
            cell.locator(".live-status").filter(has_text="Done").wait_for(timeout=60_000)
            shown = cell.locator(".live-output")
            assert_same(shown.inner_text() if shown.count() else "", built)


def assert_same(shown, built):
    """The same words and numbers; numbers as small as rounding may differ by as much."""
    shown, built = shown.split(), built.split()
    assert len(shown) == len(built)
    for mine, theirs in zip(shown, built, strict=True):
        if mine != theirs:
            assert float(mine) == pytest.approx(float(theirs), rel=0, abs=5e-9)
