"""The language in which somebody is told: the first that is there, of those that we speak.

A submission's, in the notebook's `metadata.rnngrade.language`; else the unit's, in its front
matter; else the course's, `c.RnnGrade.language` in nbgrader_config.py; else English.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets.config import Config, PyFileConfigLoader

from rnngrade.errors import CourseError
from rnngrade.messages import ENGLISH, languages


def language_in(metadata: Mapping[str, Any]) -> str | None:
    """The language that a notebook asks for, if we speak it; whatever else stands there."""
    settings = metadata.get("rnngrade")
    asked = settings.get("language") if isinstance(settings, Mapping) else None
    return asked if isinstance(asked, str) and asked in languages() else None


def language_of_config(config: Config) -> str:
    """The language of a course, from its configuration.

    Raises:
        CourseError: it is none that we speak.
    """
    asked = config["RnnGrade"].get("language", ENGLISH) if "RnnGrade" in config else ENGLISH
    if asked not in languages():
        raise CourseError("course.unknown-language", language=f"{asked}", known=languages())
    return asked


def language_of_course(root: Path) -> str:
    """The same, read from the file alone; English where it cannot be read."""
    try:
        loader = PyFileConfigLoader("nbgrader_config.py", path=str(root))
        return language_of_config(loader.load_config())
    except Exception:  # the command itself will tell
        return ENGLISH
