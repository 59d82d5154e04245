"""The course as nbgrader sees it: the user's own configuration, then the course's."""

import pytest

from rnngrade.course.course import load
from rnngrade.errors import CourseError


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
    with pytest.raises(CourseError, match=r"no gradebook .*: run nbgrader generate_assignment"):
        load(root).gradebook()
    assert not (root / "gradebook.db").exists()


@pytest.mark.parametrize(
    "wrong", ["c = (", "1 / 0", "c = get_config()\nc.CourseDirectory.db_url = 3"]
)
def test_a_configuration_that_cannot_be_read_is_one_sentence(root, wrong):
    (root / "nbgrader_config.py").write_text(wrong)
    with pytest.raises(CourseError, match=r"nbgrader_config\.py cannot be read: "):
        load(root)


def test_a_folder_that_is_no_course_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match=r"is not the root of the course: no nbgrader_config"):
        load(tmp_path)
