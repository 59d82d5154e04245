"""What the command line turns into one line."""

from rnngrade.messages import Told


class CourseError(Told):
    """Something in the course is not as it must be; its message is one clear sentence."""
