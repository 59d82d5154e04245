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
from rnngrade.messages import message

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
def told(monkeypatch):
    """What is warned of, before it is put into words."""
    said = []
    monkeypatch.setattr(collect._Warns, "tell", lambda self, message: said.append(message))
    return said


def test_what_is_left_out_is_told_in_the_language_of_the_course(course, caplog, monkeypatch):
    course.loose(f"anna_{UNIT}.py", "pass")
    monkeypatch.setattr(collect, "language_of_config", lambda config: "ru")
    course.collect()
    said = message("course.left-out", file=f"{course.archive / f'anna_{UNIT}.py'}")
    assert said.in_words("ru") in caplog.text


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


def test_two_notebooks_of_one_student(course, told):
    course.loose(f"anna_{UNIT}.ipynb", "loose")
    course.zip("all.zip", [(f"anna_{UNIT}.ipynb", "of all"), (f"ben_{UNIT}.ipynb", "of all")])
    course.loose(f"ben_{UNIT}.ipynb", "loose")
    course.zip("anna.zip", [(f"a/{NOTEBOOK}", "deep"), (NOTEBOOK, "own")])
    assert course.collect() == {"anna": "own", "ben": "of all", "zoe": "zoe's"}
    extracted = course.root / "downloaded" / UNIT / "extracted"
    chosen, other = f"anna/{NOTEBOOK}", (f"anna_{UNIT}.ipynb", f"all/anna_{UNIT}.ipynb")
    assert {said.id for said in told} == {"course.two-notebooks"}
    of_anna = [said for said in told if said["student"] == "anna"]
    assert {said["counts"] for said in of_anna} == {f"{extracted}/{chosen}"}
    left_out = {said["other"] for said in of_anna}
    assert left_out == {f"{extracted}/{name}" for name in (f"anna/a/{NOTEBOOK}", *other)}
    assert [said["student"] for said in told].count("ben") == 1


def test_a_folder_and_a_zip_of_the_same_name(course, told):
    course.loose(f"anna/{NOTEBOOK}", "folder")
    course.zip("anna.zip", [(NOTEBOOK, "zip")])
    assert course.collect()["anna"] == "zip"
    assert told[0].id == "course.there-already"
    assert told[0]["folder"].endswith("/anna")


def test_a_name_that_is_a_pattern(course, told):
    course.loose(f"ann[a]_{UNIT}.ipynb", "?")
    assert course.collect() == {"zoe": "zoe's"}
    assert [said.id for said in told] == ["course.name-is-a-pattern"]


def test_what_is_neither_a_notebook_nor_a_zip_is_named(course, told):
    course.loose(f"anna_{UNIT}.py", "pass")
    assert course.collect() == {"zoe": "zoe's"}
    file = f"{course.archive / f'anna_{UNIT}.py'}"
    assert told == [message("course.left-out", file=file)]


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
        ("up.zip", zipped([(f"../{NOTEBOOK}", "x")]), "course.archive-leads-outside"),
        ("deep.zip", zipped([(f"a/../../{NOTEBOOK}", "x")]), "course.archive-leads-outside"),
        (
            "windows.zip",
            zipped([(f"a\\..\\..\\{NOTEBOOK}", "x")]),
            "course.archive-leads-outside",
        ),
        ("root.zip", zipped([(f"/tmp/{NOTEBOOK}", "x")]), "course.archive-leads-outside"),
        ("link.zip", zipped([(link("zip"), "/etc/hostname")]), "course.archive-has-a-link"),
        ("cut.zip", zipped([(NOTEBOOK, "x" * 999)])[:500], "course.archive-unreadable"),
        ("page.zip", b"<html>", "course.archive-unreadable"),
        ("page.gz", b"<html>", "course.archive-unreadable"),
        (
            "clash.zip",
            zipped([(NOTEBOOK, "x"), (f"{NOTEBOOK}/{NOTEBOOK}", "x")]),
            "course.archive-unreadable",
        ),
    ],
)
def test_bad_archives_are_refused_by_name_and_the_others_go_on(
    course, told, name, data, reason
):
    (course.archive / name).write_bytes(data)
    assert course.collect() == {"zoe": "zoe's"}
    (said,) = told
    assert said.id == reason
    assert said["archive"].endswith(f"archive/{name}")
    extracted = course.root / "downloaded" / UNIT / "extracted"
    assert [path.name for path in extracted.iterdir()] == [f"zoe_{UNIT}.ipynb"]


def test_a_link_in_a_tar(course, told):
    course.tar("anna.tar.gz", [(link("tar"), b"")])
    assert course.collect() == {"zoe": "zoe's"}
    assert [said.id for said in told] == ["course.archive-has-a-link"]


def test_a_password(course, told):
    data = bytearray(zipped([(NOTEBOOK, "x")]))
    for at in (6, data.index(b"PK\1\2") + 8):  # the flags of both headers
        data[at] |= 1
    (course.archive / "anna.zip").write_bytes(data)
    assert course.collect() == {"zoe": "zoe's"}
    assert told[0].id == "course.archive-unreadable"
    assert "password required" in told[0]["why"]


def test_a_file_made_to_fill_the_disk(course, told, monkeypatch):
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
    refused = {said["archive"] for said in told if said.id == "course.archive-grows"}
    for name in ("one.zip", "many.zip", "within.zip/98.zip", "tar.gz"):
        assert f"{course.archive / name}" in refused


def test_a_large_archive_that_is_no_bomb(course, monkeypatch):
    monkeypatch.setattr(collect, "TOTAL_BYTES", 10_000)
    course.zip("all.zip", [(f"s{i}_{UNIT}.ipynb", "x" * 1000) for i in range(30)])
    assert len(course.collect()) == 31


def test_too_many_members(course, told, monkeypatch):
    monkeypatch.setattr(collect, "MEMBERS", 2)
    course.zip("all.zip", [(f"s{i}_{UNIT}.ipynb", "x") for i in range(3)])
    assert course.collect() == {"zoe": "zoe's"}
    archive = f"{course.archive / 'all.zip'}"
    assert told == [message("course.archive-grows", archive=archive)]


def test_archives_in_archives_end(course):
    third = zipped([(NOTEBOOK, "x")])
    second = zipped([("third.zip", third), (f"very/deep/{NOTEBOOK}", "second")])
    course.zip("anna.zip", [("second.zip", second)])
    assert course.collect() == {"anna": "second", "zoe": "zoe's"}
