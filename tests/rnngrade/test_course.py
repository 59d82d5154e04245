"""The course as nbgrader sees it: the user's own configuration, then the course's."""

import pytest

from rnngrade.course.course import load
from rnngrade.course.language import language_of_course
from rnngrade.errors import CourseError
from rnngrade.messages import languages, message


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A course, and somebody whose own configuration knows another gradebook."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.db_url = 'postgresql://somewhere/grades'\n"
        "c.CourseDirectory.submitted_directory = 'theirs'\n"
        "c.CourseDirectory.root = '/nowhere'\n"
    )
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(own))
    root = tmp_path / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.submitted_directory = 'submitted'\n"
    )
    return root


def test_both_configurations_count_and_the_courses_is_the_last_word(root, monkeypatch):
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.autograded_directory = 'no'\n"
    )
    monkeypatch.chdir(elsewhere)
    course = load(root)
    assert course.db_url == "postgresql://somewhere/grades"
    assert course.folder("submitted", "anna", "sums") == root / "submitted" / "anna" / "sums"
    assert course.folder("autograded", "anna", "sums") == root / "autograded" / "anna" / "sums"
    assert course.config.CourseDirectory.root == str(course.root) == str(root)


def test_the_students_of_a_unit(root):
    for student, unit in (("zoe", "sums"), ("anna", "sums"), ("ben", "gates")):
        (root / "submitted" / student / unit).mkdir(parents=True)
    assert load(root).students("submitted", "sums") == ["anna", "zoe"]
    assert load(root).students("autograded", "sums") == []


def test_a_course_without_a_gradebook_is_given_none(root, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(root / "none"))
    with pytest.raises(CourseError) as told:
        load(root).gradebook()
    assert told.value.id == "course.no-gradebook"
    assert not (root / "gradebook.db").exists()


@pytest.mark.parametrize(
    "wrong", ["c = (", "1 / 0", "c = get_config()\nc.CourseDirectory.db_url = 3"]
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(root, wrong):
    (root / "nbgrader_config.py").write_text(wrong)
    with pytest.raises(CourseError) as told:
        load(root)
    assert told.value.id == "course.config-unreadable"
    assert told.value.message["file"] == f"{root / 'nbgrader_config.py'}"


def test_a_folder_that_is_no_course_is_one_sentence(tmp_path):
    with pytest.raises(CourseError) as told:
        load(tmp_path)
    assert told.value.message == message("course.no-course", folder=f"{tmp_path}")


def configure(root, line):
    config = root / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\n{line}\n")


def test_the_language_of_a_course_is_its_own_unless_another_is_asked_for(root):
    assert load(root).language == language_of_course(root) == "en"
    configure(root, "c.RnnGrade.language = 'ru'")
    assert load(root).language == language_of_course(root) == "ru"
    assert load(root, "en").language == "en"


def test_a_language_that_we_do_not_speak_is_one_sentence(root):
    configure(root, "c.RnnGrade.language = 'xx'")
    with pytest.raises(CourseError) as told:
        load(root)
    known = languages()
    assert told.value.message == message("course.unknown-language", language="xx", known=known)
    assert language_of_course(root) == "en"
