"""Whose notebook is it? What `nbgrader zip_collect` asks for every file handed in.

What is not as it should be is named in a warning and left out; the others go on.
"""

import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from traitlets import Dict
from traitlets.config import LoggingConfigurable

from rnngrade.course.language import language_of_config
from rnngrade.files import publish
from rnngrade.messages import Told, message

ARCHIVES = (".zip", ".gz", ".tgz")
MEMBERS = 100_000
# What may come out of an archive: so much, or so many times its own size. A notebook shrinks
# to a tenth in a zip, a file that is made to fill the disk to a thousandth.
TOTAL_BYTES = 250 << 20
RATIO = 20


class RefusedArchive(Told):
    """An archive that is not taken."""


class _Warns(LoggingConfigurable):
    """A plugin of nbgrader's that tells in the language of the course."""

    def warn(self, id, **fields):
        self.tell(message(id, **fields))

    def tell(self, told):
        self.log.warning("%s", told.in_words(language_of_config(self.config)))


class Extractor(_Warns, ExtractorPlugin):
    """Take the notebooks out of the archives in downloaded/UNIT/archive.

    Only regular files with the name of a notebook are taken, also from an archive within an
    archive. An archive that would write elsewhere or fill the disk is refused as a whole.
    """

    def extract(self, archive_path: str, extracted_path: str) -> None:
        """Copy loose notebooks, and unpack each archive into a folder of its name."""
        for path in sorted(Path(archive_path).rglob("*")):
            place = Path(extracted_path, path.relative_to(archive_path))
            if not path.is_file() or path.name.startswith("."):
                continue
            if path.suffix in ARCHIVES:
                self._extract(path, place, path)
            elif path.suffix == ".ipynb":
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            else:
                self.warn("course.left-out", file=f"{path}")

    def _extract(self, path, place, named, limit=None, within=1):
        """Unpack one archive, wholly or not at all; returns how many bytes came out."""
        own_limit = max(TOTAL_BYTES, RATIO * path.stat().st_size)
        limit = own_limit if limit is None else min(limit, own_limit)
        for ending in (*ARCHIVES, ".tar", ".ipynb"):
            place = place.with_name(place.name.removesuffix(ending))
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=place.parent) as aside:
            made = Path(aside, "made")
            made.mkdir()
            try:
                size = self._unpack(path, made, named, limit, within)
                if place.exists():
                    self.warn("course.there-already", folder=f"{place}", archive=f"{named}")
                publish(made, place, merge=True)
                return size
            except RefusedArchive as error:
                self.tell(error.message)
            except Exception as error:  # there is no end to what can be wrong with an archive
                self.warn("course.archive-unreadable", archive=f"{named}", why=f"{error}")
        return 0

    def _unpack(self, path, place, named, limit, within):
        """Write the notebooks of an archive, and of archives in it, below `place`."""
        size = of_inner = 0
        with _opened(path) as members:
            for number, member in enumerate(members):
                where = PurePosixPath(member.name.replace("\\", "/"))
                if where.is_absolute() or ".." in where.parts:
                    raise RefusedArchive("course.archive-leads-outside", archive=f"{named}")
                size += member.size
                if size > limit or number >= MEMBERS:
                    raise RefusedArchive("course.archive-grows", archive=f"{named}")
                is_archive = where.suffix in ARCHIVES and within
                hidden = any(part.startswith((".", "__MACOSX")) for part in where.parts)
                if hidden or member.is_folder or not (where.suffix == ".ipynb" or is_archive):
                    continue
                if not member.is_file:
                    raise RefusedArchive("course.archive-has-a-link", archive=f"{named}")
                target = place / where
                target.parent.mkdir(parents=True, exist_ok=True)
                with member.open() as source, open(target, "wb") as file:
                    shutil.copyfileobj(source, file)
                if is_archive:
                    of_inner += self._extract(
                        target, target, f"{named}/{where}", limit - of_inner, within - 1
                    )
                    target.unlink()
        return size + of_inner


class Collector(_Warns, FileNameCollectorPlugin):
    """Tell student and notebook from the name of a file below downloaded/UNIT/archive.

    - STUDENT_UNIT.ipynb, loose or in the zip of a whole class;
    - UNIT.ipynb, at any depth, in STUDENT.zip, in STUDENT_UNIT.zip or in a folder STUDENT.

    Of several notebooks of a student one counts: the one in the student's own archive or
    folder before one in the archive of a class, that before a loose one; then the one that
    lies less deep, then the first by name.
    """

    _counts = Dict(help="Which notebook counts, by folder and student.")

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """The student's and the notebook's name, or None for any other file."""
        path = Path(submitted_file)
        student = _student(path)
        if student is None:
            return None
        if re.search(r"[*?\[\]]", student):  # nbgrader takes it for a pattern
            self.warn("course.name-is-a-pattern", file=f"{path}")
            return None
        best = self._best(_extracted(path)).get(student, path)
        if best != path:
            self.warn(
                "course.two-notebooks", student=student, counts=f"{best}", other=f"{path}"
            )
            return None
        return {"student_id": student, "file_id": _extracted(path).parent.name}

    def _best(self, extracted):
        """The notebook of each student that counts."""
        if extracted not in self._counts:
            found: dict[str | None, Path] = {}
            for path in sorted(extracted.rglob("*.ipynb"), key=_rank):
                found.setdefault(_student(path), path)
            self._counts[extracted] = found
        return self._counts[extracted]


def _student(path):
    """Who handed in this file, or None if it is no submission."""
    extracted = _extracted(path)
    unit = extracted.parent.name
    *folders, name = path.relative_to(extracted).parts
    if name == f"{unit}.ipynb" and folders:
        student = folders[0].removesuffix(f"_{unit}")
    else:
        student = name.removesuffix(f"_{unit}.ipynb")
    return None if student == name or student[:1] in ("", ".", "_") else student


def _rank(path):
    """The first by rank counts."""
    extracted = _extracted(path)
    depth = len(path.relative_to(extracted).parts)
    own = path.name == f"{extracted.parent.name}.ipynb"
    return not own, depth == 1, depth, path


def _extracted(path):
    """The folder downloaded/UNIT/extracted."""
    folders = (folder for folder in reversed(path.parents) if folder.name == "extracted")
    known = (folder for folder in folders if folder.parent.parent.name == "downloaded")
    return next(known, path.parent)


class _Member:
    """A member of a zip or a tar, whichever it is."""

    def __init__(self, archive, info):
        if isinstance(info, zipfile.ZipInfo):
            kind = stat.S_IFMT(info.external_attr >> 16)
            self.name, self.size, self.is_folder = info.filename, info.file_size, info.is_dir()
            self.is_file = kind in (0, stat.S_IFREG)
            self.open = lambda: archive.open(info)
        else:
            self.name, self.size, self.is_folder = info.name, info.size, info.isdir()
            self.is_file = info.isreg()
            self.open = lambda: archive.extractfile(info)


@contextmanager
def _opened(path):
    """The members of an archive, one after the other."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield (_Member(archive, info) for info in archive.infolist())
    else:
        with tarfile.open(path) as archive:
            yield (_Member(archive, info) for info in archive)
