"""The seed of each student's random cases: from the course's secret, so nobody can guess it."""

import hmac
import json
import os
import secrets
from pathlib import Path

from rnngrade.errors import CourseError

FILE = ".rnngrade-secret"
VARIABLE = "RNNGRADE_SECRET"


def student_seed(secret, unit, notebook, student):
    """The seed of one notebook of one student, in hexadecimal, for `checks.cases.use_key`.

    The same four always give the same seed, so that a grade can be replayed; without the
    secret, nobody can tell it.
    """
    message = json.dumps([unit, notebook, student]).encode()
    return hmac.digest(secret, message, "sha256").hex()


def course_secret(root):
    """The course's secret, bytes: $RNNGRADE_SECRET, else a file in the root, made once.

    Args:
        root: the root of the course.

    Raises:
        CourseError: the secret is too short, or its file cannot be read.
    """
    if VARIABLE in os.environ:
        return _checked(os.environ[VARIABLE], f"the environment variable {VARIABLE}")
    path = Path(root) / FILE
    try:
        if not path.exists():
            _make(path)
        return _checked(path.read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}, the course's secret, cannot be read: {error}") from None


def _checked(text, place):
    if len(text.strip()) < 16:
        raise CourseError(f"{place} must hold a secret of at least 16 characters.")
    return text.strip().encode()


def _make(path):
    """Write aside, then give it its name if that is free: two graders agree on one secret."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        _name(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _name(aside, path):
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    except OSError:  # a disk without hard links
        aside.rename(path)
