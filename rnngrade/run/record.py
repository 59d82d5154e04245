"""The record of a grade: what was graded, with what, where, and how it ended.

    .rnngrade/records/UNIT/STUDENT.json    the record
    .rnngrade/objects/SHA256               what its hashes name: notebooks, tests, data files

Together they are enough to grade again, whatever has become of the course since.
"""

import gzip
import hashlib
import json
import os
import platform
from dataclasses import asdict
from functools import cache
from importlib import metadata
from pathlib import Path

from rnngrade.errors import CourseError
from rnngrade.execution.job import Job, Limits, Policy, TestCell

SCHEMA = 1
HOME = ".rnngrade"
# What may change a grade; a new version of anything else grades nobody again.
PACKAGES = ("torch", "numpy", "array-api-compat", "matplotlib", "ipython", "nbgrader")


@cache
def environment():
    """What grades: the versions of packages, and the hashes of this repository's own two."""
    versions = {name: metadata.version(name) for name in PACKAGES}
    root = Path(__file__).parents[2]
    own = {name: _source(root / name) for name in ("rnngrade", "rnnlib")}
    return {"python": platform.python_version(), **versions, **own}


def digest(data):
    """The SHA-256 of bytes, or of plain data in its one JSON form."""
    return hashlib.sha256(data if isinstance(data, bytes) else _json(data)).hexdigest()


def digest_of_files(files):
    """The SHA-256 of files: name → path."""
    return digest({name: _digest_of_file(path) for name, path in files.items()})


def tests_of(job):
    """The instructor's part of a job, as plain data."""
    return {
        "tests": [asdict(test) for test in job.tests],
        "exports": sorted(job.exports),
        "policy": asdict(job.policy),
        "limits": asdict(job.limits),
    }


class Records:
    """The records of one unit.

    Args:
        root: the root of the course.
        unit: the name of the unit.
    """

    def __init__(self, root, unit):
        self._unit = unit
        self._folder = Path(root) / HOME / "records" / unit
        self._objects = Path(root) / HOME / "objects"

    def read(self, student):
        """The record of a student, or None."""
        try:
            return json.loads(self._path(student).read_bytes())
        except FileNotFoundError:
            return None

    def write(self, student, record):
        """Write the record of a student; at any moment the file is the old or the new."""
        text = json.dumps(
            {"schema": SCHEMA, "unit": self._unit, "student": student, **record}, indent=1
        )
        write_aside(self._path(student), text.encode() + b"\n")

    def keep(self, job):
        """Keep what a job was made of; its hashes, to put into the record."""
        return {
            "notebook": self._put(job.notebook.encode()),
            "tests": self._put(_json(tests_of(job))),
            "files": {name: self._put(data) for name, data in sorted(job.files.items())},
        }

    def job(self, record):
        """The job of a record, as it was."""
        kept = record["job"]
        tests = json.loads(self._get(kept["tests"]))
        return Job(
            student=record["student"],
            unit=record["unit"],
            notebook=self._get(kept["notebook"]).decode(),
            tests=tuple(TestCell(**test) for test in tests["tests"]),
            exports=frozenset(tests["exports"]),
            seed=record["seed"],
            files={name: self._get(key) for name, key in kept["files"].items()},
            policy=Policy(**{**tests["policy"], "allows": tuple(tests["policy"]["allows"])}),
            limits=Limits(**tests["limits"]),
            sandbox=record["sandboxed"],
        )

    def _path(self, student):
        return self._folder / f"{student}.json"

    def _put(self, data):
        key = digest(data)
        path = self._objects / key[:2] / key
        if not path.exists():
            write_aside(path, gzip.compress(data, mtime=0))
        return key

    def _get(self, key):
        try:
            data = gzip.decompress((self._objects / key[:2] / key).read_bytes())
        except (OSError, EOFError) as error:
            raise CourseError(f"{HOME}/objects lacks what the record names: {error}") from error
        if digest(data) != key:
            raise CourseError(f"{HOME}/objects/{key[:2]}/{key} is not what its name says.")
        return data


def write_aside(path, data):
    """Write a file beside its place and rename it: it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _json(data):
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _digest_of_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _source(folder):
    """The hash of the text of a package, whose version says too little while it changes."""
    files = (path for path in folder.rglob("*") if path.is_file())
    kept = {p.relative_to(folder).as_posix(): p for p in files if "__pycache__" not in p.parts}
    return digest_of_files(kept)[:16]
