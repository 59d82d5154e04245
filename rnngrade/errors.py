"""Exceptions whose text is a message for people."""

from rnngrade.messages import Told


class CourseError(Told):
    """Something in the course is not as it must be; its message is one clear sentence."""


class CheckFailed(Told, AssertionError):
    """What the student's code gives is not what it should be; the message says how."""

    def __str__(self) -> str:
        return f"{super().__str__()}."
