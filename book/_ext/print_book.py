"""Print the book, built as one page, to a PDF with bookmarks: `make pdf`.

    python book/_ext/print_book.py FOLDER BOOK.pdf

Chromium prints what a reader of the site sees; folded answers are unfolded first.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Chromium's own style for these is as small as can be.
FOOTER = """
<div style="width: 100%; font: 9px sans-serif; text-align: center">
  <span class="pageNumber"></span>
</div>
"""
# Of a calculation whose numbers can be changed, the first ones.
FIRST = """addEventListener("DOMContentLoaded", () => {
  for (const other of document.querySelectorAll(".item-other")) other.remove();
});"""
READY = """async () => {
  document.documentElement.dataset.theme = "light";
  for (const fold of document.querySelectorAll("details")) fold.open = true;
  for (const image of document.images) image.loading = "eager";
  await document.fonts.ready;
  await window.MathJax?.startup?.promise;
}"""


def print_book(folder, pdf):
    """Print the page that Sphinx's builder singlehtml made.

    Args:
        folder: where that builder wrote.
        pdf: the path of the PDF, which is written aside and then renamed.
    """
    # The builder puts the page where its source lies, but all addresses in it start here.
    page = shutil.copy(folder / "book" / "index.html", folder / "index.html")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("print_book: no Chromium is installed (Debian's package is chromium).")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        tab = chromium.new_page()
        tab.add_init_script(FIRST)
        tab.goto(Path(page).resolve().as_uri(), wait_until="load")
        tab.evaluate(READY)
        aside = pdf.with_suffix(".part")
        tab.pdf(
            path=aside,
            format="A4",
            scale=0.75,  # so that a line of code of 96 characters fits
            margin=dict.fromkeys(("top", "bottom", "left", "right"), "18mm"),
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            outline=True,
            tagged=True,
        )
        chromium.close()
    aside.rename(pdf)


if __name__ == "__main__":
    print_book(*map(Path, sys.argv[1:3]))
