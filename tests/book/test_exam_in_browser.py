"""Calculations with other numbers at the press of a button; questions and exams in pages."""

import pytest

from exam.items import items_of
from exam.paper import draw
from exam.questions import read
from tests.book.conftest import EXTENSIONS, assert_accessible, build, opened

pytestmark = pytest.mark.browser
PAGE = """\
# Exam

## Items

```{items} rnn
```

## Questions

```{questions} rnn
```

## Mock exam

```{mock-exam} 7
```
"""
# Stands after the settings of conftest.py, in the section `sphinx`; the later one counts.
CONFIG = f"  local_extensions: {{no_thebe: '{EXTENSIONS}', exam_pages: '{EXTENSIONS}'}}\n"
ITEM = ".exam-item >> nth=1"  # not the first: each button moves its own item alone
SHOWN = f"{ITEM} >> .item-variant:visible"
NAMES = [item.name for item in items_of("rnn")]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exam")
    pages = {"index": PAGE, "plain": "# Plain\n\nNo item here.\n"}
    return build(folder, pages, CONFIG)


@pytest.fixture
def items(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}index.html", wait_until="networkidle")
        page.wait_for_selector("article mjx-container", state="attached")
        yield page


def shown_number(page):
    """Which variant of the item is said to be shown, from 0; there is exactly one."""
    assert page.locator(SHOWN).count() == 1
    return int(page.locator(f"{ITEM} >> [role=status]").inner_text().split()[1]) - 1


def test_the_page_shows_the_first_variant_of_each_item(items):
    assert items.locator(".exam-item").count() == len(NAMES)
    assert items.locator(".item-variant").count() == len(NAMES)
    assert items.locator(".item-variant:visible").count() == len(NAMES)
    headings = items.locator("article h3").all_inner_texts()
    for item in items_of("rnn"):
        assert any(item.title in heading for heading in headings)


def test_the_button_shows_the_variants_in_turn(items):
    button = items.locator(f"{ITEM} >> button")
    status = items.locator(f"{ITEM} >> [role=status]")
    assert status.inner_text() == "Variant 1 of 4"
    texts = [items.locator(SHOWN).inner_text()]
    for number in (2, 3, 4):
        button.click()
        assert shown_number(items) == number - 1
        assert status.inner_text() == f"Variant {number} of 4"
        items.wait_for_selector(f"{SHOWN} >> mjx-container", state="attached")
        texts.append(items.locator(SHOWN).inner_text())
    assert len(set(texts)) == 4
    button.click()
    assert shown_number(items) == 0
    assert status.inner_text() == "Variant 1 of 4"
    others = items.locator(".exam-item >> nth=0 >> [role=status]")
    assert others.inner_text() == "Variant 1 of 4", "the other items stay as they are"


def test_the_button_works_by_keyboard_and_keeps_the_focus(items):
    button = items.locator(f"{ITEM} >> button")
    button.focus()
    items.keyboard.press("Enter")
    assert shown_number(items) == 1
    items.keyboard.press("Space")
    assert shown_number(items) == 2
    assert button.evaluate("button => document.activeElement === button")


def test_the_tab_key_does_not_lead_into_hidden_variants(items):
    items.locator(f"{SHOWN} >> summary").focus()
    items.keyboard.press("Tab")
    assert items.evaluate("document.activeElement.closest('.item-more') !== null")


def test_other_numbers_come_with_the_solution_closed(items):
    items.locator(f"{SHOWN} >> summary").click()
    assert items.locator(f"{ITEM} >> details[open]").count() == 1
    items.locator(f"{ITEM} >> button").click()
    assert items.locator(f"{ITEM} >> details[open]").count() == 0
    for _ in range(3):
        items.locator(f"{ITEM} >> button").click()
    assert items.locator(f"{ITEM} >> details[open]").count() == 0


def test_the_answers_are_those_of_the_seeds(site, serve, browser):
    """Read without JavaScript, where formulas stand as they were written."""
    with serve(site) as root, opened(browser, java_script_enabled=False) as page:
        page.goto(f"{root}index.html")
        for k, item in enumerate(items_of("rnn")):
            got = page.locator(f".exam-item >> nth={k} >> .item-variant").evaluate_all(
                "all => all.map(v => [...v.querySelectorAll('.math')].at(-1).textContent)"
            )
            wanted = [item.variant(seed).shown for seed in (1, 2, 3, 4)]
            assert got == [rf"\({shown}\)" for shown in wanted]


def test_without_javascript_the_first_variant_is_there_and_no_button(site, serve, browser):
    with serve(site) as root, opened(browser, java_script_enabled=False) as page:
        page.goto(f"{root}index.html")
        assert page.locator(".item-variant:visible").count() == len(NAMES)
        assert page.locator(".item-more:visible").count() == 0
        assert page.locator(f"{ITEM} >> summary:visible").count() == 1


def test_questions_and_mock_exam_are_complete(items):
    titles = items.locator("article summary").all_inner_texts()
    plain = [question for question in read("rnn") if "$" not in question.text]
    assert plain
    for question in plain:
        assert any(question.text in title for title in titles), question.text
    text = items.locator("article").inner_text()
    paper = draw(7)
    number = len(paper.questions) + len(paper.variants)
    assert f"{number}." in text
    assert f"{number + 1}." not in text.split("Mock exam")[-1]
    scheme = items.locator("article details").last
    assert scheme.locator("li").count() == 60


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_is_accessible(site, serve, browser, scheme, width):
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with serve(site) as root, opened(browser, **look, reduced_motion="reduce") as page:
        page.goto(f"{root}index.html", wait_until="networkidle")
        page.wait_for_selector("article mjx-container", state="attached")
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("mjx-merror").count() == 0
            assert_accessible(page, "article")
            page.locator(f"{ITEM} >> button").click()
            page.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
        box = page.locator(f"{ITEM} >> button").bounding_box()
        assert min(box["width"], box["height"]) >= 24


def test_a_page_without_items_loads_nothing_of_them(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}plain.html", wait_until="networkidle")
    assert not [address for address in page.requests if "/items/items" in address]
