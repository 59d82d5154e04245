"""Whose notebook it is, told from the name of the file, and what comes out of an archive."""

import io
import logging
import stat
import tarfile
import zipfile

import pytest
from nbgrader.apps import ZipCollectApp
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from rnngrade.course import collect
from rnngrade.course.collect import Collector

FOLDER = "/course/downloaded/lstm-gates/extracted/"
UNIT = "lstm-gates"
NOTEBOOK = f"{UNIT}.ipynb"


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("anna_lstm-gates.ipynb", "anna"),
        ("anna_b_lstm-gates.ipynb", "anna_b"),
        ("submissions/anna_lstm-gates.ipynb", "anna"),
        ("anna/lstm-gates.ipynb", "anna"),
        ("anna_b/lstm-gates.ipynb", "anna_b"),
        ("anna/lstm-gates/lstm-gates.ipynb", "anna"),
        ("anna_lstm-gates/lstm-gates.ipynb", "anna"),
        ("anna_lstm-gates/work/lstm-gates/lstm-gates.ipynb", "anna"),
        ("anna/extracted/lstm-gates.ipynb", "anna"),
    ],
)
def test_a_submission(path, student):
    want = {"student_id": student, "file_id": "lstm-gates"}
    assert Collector().collect(FOLDER + path) == want


@pytest.mark.parametrize(
    "path",
    [
        "lstm-gates.ipynb",
        "anna.ipynb",
        "anna_rnn.ipynb",
        "_lstm-gates.ipynb",
        "_lstm-gates/lstm-gates.ipynb",
        "__MACOSX/lstm-gates.ipynb",
        "anna/notes.txt",
        "anna/__MACOSX/._lstm-gates.ipynb",
        "._anna_lstm-gates.ipynb",
        "anna/.ipynb_checkpoints/lstm-gates-checkpoint.ipynb",
    ],
)
def test_no_submission(path):
    assert Collector().collect(FOLDER + path) is None


def test_a_course_below_a_folder_of_the_same_name():
    got = Collector().collect(f"/extracted{FOLDER}anna_lstm-gates.ipynb")
    assert got == {"student_id": "anna", "file_id": "lstm-gates"}


class Course:
    """A course with nothing but downloaded/, and what `nbgrader zip_collect` makes of it."""

    def __init__(self, root):
        self.root = root
        self.archive = root / "downloaded" / UNIT / "archive"
        self.archive.mkdir(parents=True)

    def loose(self, name, text):
        path = self.archive / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def zip(self, name, members, compression=zipfile.ZIP_STORED):
        (self.archive / name).write_bytes(zipped(members, compression))

    def tar(self, name, members):
        with tarfile.open(self.archive / name, "w:gz") as archive:
            for member, data in members:
                archive.addfile(member, io.BytesIO(data))

    def collect(self):
        """The text that counts for each student."""
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.assignment_id = UNIT
        config.ZipCollectApp.extractor_plugin = "rnngrade.course.collect.Extractor"
        config.ZipCollectApp.collector_plugin = "rnngrade.course.collect.Collector"
        app = ZipCollectApp(
            config=config,
            coursedir=CourseDirectory(config=config),
            log=logging.getLogger("zip_collect"),
        )
        app.init_plugins()
        app.extract_archive_files()
        app.process_extracted_files()
        found = (self.root / "submitted").glob(f"*/{UNIT}/{NOTEBOOK}")
        return {path.parts[-3]: path.read_text() for path in found}


def zipped(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


@pytest.fixture
def course(tmp_path):
    course = Course(tmp_path)
    course.loose(f"zoe_{UNIT}.ipynb", "zoe's")  # who always comes through
    return course


def test_archives_of_every_form(course):
    course.zip("anna.zip", [(f"{UNIT}/{NOTEBOOK}", "anna's"), ("data.csv", "1,2")])
    course.zip(
        "all.zip",
        [
            (f"ben_{UNIT}.ipynb", "ben's"),
            (f"__MACOSX/._ben_{UNIT}.ipynb", "?"),
            (f"carl_{UNIT}.zip", zipped([(f"carl_{UNIT}.ipynb", "carl's")])),
        ],
    )
    course.zip("dora.zip", [(f"work\\{UNIT}\\{NOTEBOOK}", "dora's")])
    course.loose(f"emil/{NOTEBOOK}", "emil's")
    member = tarfile.TarInfo(f"work/{NOTEBOOK}")
    member.size = 6
    course.tar("fritz.tar.gz", [(member, b"fritz'")])
    course.zip(f"gesa_{UNIT}.ipynb.zip", [(NOTEBOOK, "gesa's")])
    assert course.collect() == {
        "anna": "anna's",
        "ben": "ben's",
        "carl": "carl's",
        "dora": "dora's",
        "emil": "emil's",
        "fritz": "fritz'",
        "gesa": "gesa's",
        "zoe": "zoe's",
    }
    extracted = course.root / "downloaded" / UNIT / "extracted"
    files = [path for path in extracted.rglob("*") if path.is_file()]
    assert len(files) == 8  # neither data nor what macOS adds, nor anything half done
    assert all(path.suffix == ".ipynb" for path in files)


def test_two_notebooks_of_one_student(course, caplog):
    course.loose(f"anna_{UNIT}.ipynb", "loose")
    course.zip("all.zip", [(f"anna_{UNIT}.ipynb", "of all"), (f"ben_{UNIT}.ipynb", "of all")])
    course.loose(f"ben_{UNIT}.ipynb", "loose")
    course.zip("anna.zip", [(f"a/{NOTEBOOK}", "deep"), (NOTEBOOK, "own")])
    assert course.collect() == {"anna": "own", "ben": "of all", "zoe": "zoe's"}
    extracted = course.root / "downloaded" / UNIT / "extracted"
    chosen, other = f"anna/{NOTEBOOK}", (f"anna_{UNIT}.ipynb", f"all/anna_{UNIT}.ipynb")
    for left_out in (f"anna/a/{NOTEBOOK}", *other):
        assert f"{extracted}/{chosen} counts, {extracted}/{left_out} is" in caplog.text
    assert caplog.text.count("anna has handed in more than one") == 3
    assert caplog.text.count("ben has handed in more than one") == 1


def test_a_folder_and_a_zip_of_the_same_name(course, caplog):
    course.loose(f"anna/{NOTEBOOK}", "folder")
    course.zip("anna.zip", [(NOTEBOOK, "zip")])
    assert course.collect()["anna"] == "zip"
    assert "anna is there already" in caplog.text


def test_a_name_that_is_a_pattern(course, caplog):
    course.loose(f"ann[a]_{UNIT}.ipynb", "?")
    assert course.collect() == {"zoe": "zoe's"}
    assert "a name cannot have" in caplog.text


def test_what_is_neither_a_notebook_nor_a_zip_is_named(course, caplog):
    course.loose(f"anna_{UNIT}.py", "pass")
    assert course.collect() == {"zoe": "zoe's"}
    assert f"anna_{UNIT}.py is neither a notebook nor a zip" in caplog.text


def link(kind):
    """A member of a zip or a tar that is a link with the name of a notebook."""
    if kind == "zip":
        info = zipfile.ZipInfo(NOTEBOOK)
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        return info
    info = tarfile.TarInfo(NOTEBOOK)
    info.type = tarfile.SYMTYPE
    info.linkname = "/etc/hostname"
    return info


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("up.zip", zipped([(f"../{NOTEBOOK}", "x")]), "would write outside"),
        ("deep.zip", zipped([(f"a/../../{NOTEBOOK}", "x")]), "would write outside"),
        ("windows.zip", zipped([(f"a\\..\\..\\{NOTEBOOK}", "x")]), "would write outside"),
        ("root.zip", zipped([(f"/tmp/{NOTEBOOK}", "x")]), "would write outside"),
        ("link.zip", zipped([(link("zip"), "/etc/hostname")]), "has a link"),
        ("cut.zip", zipped([(NOTEBOOK, "x" * 999)])[:500], "cannot be read"),
        ("page.zip", b"<html>", "cannot be read"),
        ("page.gz", b"<html>", "cannot be read"),
        ("clash.zip", zipped([(NOTEBOOK, "x"), (f"{NOTEBOOK}/{NOTEBOOK}", "x")]), "cannot be"),
    ],
)
def test_bad_archives_are_refused_by_name_and_the_others_go_on(
    course, caplog, name, data, reason
):
    (course.archive / name).write_bytes(data)
    assert course.collect() == {"zoe": "zoe's"}
    assert f"archive/{name} {reason}" in caplog.text
    extracted = course.root / "downloaded" / UNIT / "extracted"
    assert [path.name for path in extracted.iterdir()] == [f"zoe_{UNIT}.ipynb"]


def test_a_link_in_a_tar(course, caplog):
    course.tar("anna.tar.gz", [(link("tar"), b"")])
    assert course.collect() == {"zoe": "zoe's"}
    assert "has a link" in caplog.text


def test_a_password(course, caplog):
    data = bytearray(zipped([(NOTEBOOK, "x")]))
    for at in (6, data.index(b"PK\1\2") + 8):  # the flags of both headers
        data[at] |= 1
    (course.archive / "anna.zip").write_bytes(data)
    assert course.collect() == {"zoe": "zoe's"}
    assert "password required" in caplog.text


def test_a_file_made_to_fill_the_disk(course, caplog, monkeypatch):
    monkeypatch.setattr(collect, "TOTAL_BYTES", 10_000)
    zeros = b"0" * 9_000
    course.zip("one.zip", [(NOTEBOOK, zeros * 1000)], zipfile.ZIP_DEFLATED)
    course.zip(
        "many.zip", [(f"{i}/{NOTEBOOK}", zeros) for i in range(99)], zipfile.ZIP_DEFLATED
    )
    inner = zipped([(NOTEBOOK, zeros)], zipfile.ZIP_DEFLATED)
    course.zip("within.zip", [(f"{i}.zip", inner) for i in range(99)], zipfile.ZIP_DEFLATED)
    member = tarfile.TarInfo("zeros")
    member.size = 10_001
    course.tar("tar.gz", [(member, b"0" * 10_001)])
    assert course.collect() == {"within": zeros.decode(), "zoe": "zoe's"}
    for name in ("one.zip", "many.zip", "within.zip/98.zip", "tar.gz"):
        assert f"{name} would grow far beyond its size" in caplog.text


def test_a_large_archive_that_is_no_bomb(course, monkeypatch):
    monkeypatch.setattr(collect, "TOTAL_BYTES", 10_000)
    course.zip("all.zip", [(f"s{i}_{UNIT}.ipynb", "x" * 1000) for i in range(30)])
    assert len(course.collect()) == 31


def test_too_many_members(course, caplog, monkeypatch):
    monkeypatch.setattr(collect, "MEMBERS", 2)
    course.zip("all.zip", [(f"s{i}_{UNIT}.ipynb", "x") for i in range(3)])
    assert course.collect() == {"zoe": "zoe's"}
    assert "all.zip would grow" in caplog.text


def test_archives_in_archives_end(course):
    third = zipped([(NOTEBOOK, "x")])
    second = zipped([("third.zip", third), (f"very/deep/{NOTEBOOK}", "second")])
    course.zip("anna.zip", [("second.zip", second)])
    assert course.collect() == {"anna": "second", "zoe": "zoe's"}
