"""Every page of the built site as a reader sees it: light and dark, desktop and phone."""

import pytest

from tests.book.conftest import assert_accessible, opened, served
from tests.book.test_site import CHAPTERS, PAGES, SITE

pytestmark = [pytest.mark.site, pytest.mark.browser]
# The roles that docutils gives to a bibliography and its entries, which ARIA deprecates.
DOCUTILS = ("aria-allowed-role", "aria-deprecated-role", "aria-required-children")
LOOKS = {"dark": 390, "light": 1280}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def root():
    with served(SITE) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_every_window_and_is_accessible(browser, root, page):
    # The theme looks once, at the start, which blocks scroll: so the phone comes first.
    options = {"viewport": {"width": 390, "height": 900}, "reduced_motion": "reduce"}
    with opened(browser, **options) as window:
        window.goto(f"{root}{page}.html", wait_until="load")
        if window.locator("article .math").count():
            window.wait_for_selector("article mjx-container", state="attached")
            window.evaluate("MathJax.startup.promise")
            assert window.locator("mjx-merror").count() == 0
        # Formulas are set once, as that takes longest: then the same page in both looks.
        for theme, width in LOOKS.items():
            window.emulate_media(color_scheme=theme)
            window.set_viewport_size({"width": width, "height": 900})
            window.wait_for_selector(f"html[data-theme={theme}]")
            assert window.evaluate(OVERFLOW) == 0, f"{page} is too wide for {width} px"
            but = DOCUTILS if page == "book/references" else ()
            assert_accessible(window, "article", but)


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
            assert (shown.inner_text() if shown.count() else "").strip() == built.strip()
