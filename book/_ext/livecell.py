"""A code cell tagged `live` can be changed and run in the page, without any server.

The cell is executed when the book is built, like every other. Where Pyodide has been
fetched (fetch_pyodide.py), pages with such cells get an editor and a Run button as well;
where not, or without JavaScript, the cell stays as it was printed.
"""

import importlib.util
import io
import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import fetch_pyodide
from docutils import nodes

STATIC = Path(__file__).with_name("livecell_static")
DATA = "rnnlib.datasets"  # worker.mjs fetches {DATA}.zip when a cell imports it, not before
WORDS = {
    "run": "Run",
    "stop": "Stop",
    "reset": "Reset",
    "cell": "Cell",
    "output": "Output",
    "figure": "Figure",
    "hint": "Ctrl+Enter runs. Tab indents, Esc then Tab leaves.",
    "starting": "Starting Python. The first time it loads {megabytes} MB.",
    "running": "Running …",
    "above": "Running the cells above …",
    "done": "Done",
    "failed": "Ended with an error",
    "failed-above": "A cell above ended with an error",
    "stopped": "Stopped",
    "broken": "Python could not be started here.",
    "cut": "… the rest of the output is left out.",
}


def library(packages):
    """Zip the Python files of installed packages."""
    return zipped(packages, lambda path: path.suffix in {".py", ".mplstyle"})


def data():
    """Zip the data files of DATA, with their licences and checksums."""
    return zipped([DATA], lambda path: path.suffix in {".gz", ".npz", ".toml", ".txt"})


def zipped(packages, wanted):
    """Zip the wanted files of installed packages, the same bytes for the same files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for package in packages:
            root = Path(importlib.util.find_spec(package).origin).parent
            site = root.parents[package.count(".")]
            for path in filter(wanted, sorted(root.rglob("*"))):
                undated = zipfile.ZipInfo(path.relative_to(site).as_posix())
                archive.writestr(undated, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def pyodide_folder(app):
    """Return where fetch_pyodide.py has put its files."""
    return Path(app.confdir, app.config.livecell_pyodide)


def prepare(app, config):
    """Decide whether cells can be live, before Sphinx asks which pages are out of date."""
    wanted = fetch_pyodide.hashes(config.livecell_packages)
    if not fetch_pyodide.is_complete(pyodide_folder(app), wanted):
        config.livecell_version = ""
        return
    parts = [json.dumps(wanted).encode(), library(config.livecell_library), data()]
    parts += [path.read_bytes() for path in sorted(STATIC.rglob("*")) if path.is_file()]
    config.livecell_version = sha256(b"".join(parts)).hexdigest()[:12]
    config.html_static_path.append(str(STATIC))


def note_live_page(app, doctree):
    """Remember in the environment which pages have live cells."""
    cells = doctree.findall(nodes.container)
    if any("tag_live" in cell["classes"] for cell in cells):
        app.env.metadata[app.env.docname]["live"] = True


def equip_page(app, pagename, templatename, context, doctree):
    """Load script and style on the pages that have a live cell, and on no other."""
    version = app.config.livecell_version
    if not version or not app.env.metadata.get(pagename, {}).get("live"):
        return
    wanted = fetch_pyodide.hashes(app.config.livecell_packages)
    size = sum((pyodide_folder(app) / name).stat().st_size for name in wanted)
    words = WORDS | {"starting": WORDS["starting"].format(megabytes=round(size / 1e6))}
    data = {"data-words": json.dumps(words, ensure_ascii=False), "data-version": version}
    app.add_css_file("live/live.css")
    app.add_js_file("live/live.js", loading_method="defer", **data)


def ship(app, exception):
    """Put Pyodide and the library into the site if any page has a live cell."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "pyodide")
    shutil.rmtree(target, ignore_errors=True)
    pages = app.env.metadata.values()
    if not app.config.livecell_version or not any(page.get("live") for page in pages):
        return
    target.mkdir(parents=True)
    packages = app.config.livecell_packages
    for name in fetch_pyodide.hashes(packages):
        shutil.copyfile(pyodide_folder(app) / name, target / name)
    lock = fetch_pyodide.PINS["lock"] | {"packages": fetch_pyodide.closure(packages)}
    (target / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    (target / "NOTICE.txt").write_text(fetch_pyodide.PINS["notice"] + "\n", "utf-8")
    live = Path(app.outdir, "_static", "live")
    (live / "library.zip").write_bytes(library(app.config.livecell_library))
    (live / f"{DATA}.zip").write_bytes(data())


def setup(app):
    """Register the settings and the steps of the build."""
    app.add_config_value("livecell_pyodide", ".cache/pyodide", "")
    app.add_config_value("livecell_packages", ["numpy"], "html")
    app.add_config_value("livecell_library", ["rnnlib", "array_api_compat"], "html")
    app.add_config_value("livecell_version", "", "html")
    app.connect("config-inited", prepare)
    app.connect("doctree-read", note_live_page)
    app.connect("html-page-context", equip_page)
    app.connect("build-finished", ship)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
