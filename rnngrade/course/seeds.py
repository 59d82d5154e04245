"""The seed of each student's random cases: from the course's secret, so nobody can guess it."""

import hmac
import json
import os
import secrets
from pathlib import Path

from rnngrade.errors import CourseError
from rnngrade.files import write_once

FILE = ".rnngrade-secret"
VARIABLE = "RNNGRADE_SECRET"
SHORTEST = 16  # characters


def student_seed(secret: bytes, unit: str, notebook: str, student: str) -> str:
    """The seed of one notebook of one student, in hexadecimal, for `checks.cases.use_key`.

    The same four always give the same seed, so that a grade can be replayed; without the
    secret, nobody can tell it.
    """
    message = json.dumps([unit, notebook, student]).encode()
    return hmac.digest(secret, message, "sha256").hex()


def course_secret(root: Path) -> bytes:
    """The course's secret: $RNNGRADE_SECRET, else a file in the root, made once.

    Args:
        root: the root of the course.

    Raises:
        CourseError: the secret is too short, or its file cannot be read.
    """
    if VARIABLE in os.environ:
        secret = os.environ[VARIABLE].strip()
        if len(secret) < SHORTEST:
            raise CourseError(
                "course.secret-variable-short", variable=VARIABLE, shortest=SHORTEST
            )
        return secret.encode()
    path = Path(root) / FILE
    try:
        if not path.exists():
            write_once(path, secrets.token_hex(32).encode() + b"\n")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError("course.secret-unreadable", file=f"{path}", why=f"{error}") from None
    if len(secret) < SHORTEST:
        raise CourseError("course.secret-short", file=f"{path}", shortest=SHORTEST)
    return secret.encode()
