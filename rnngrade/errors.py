"""What the command line turns into one line."""


class CourseError(Exception):
    """Something in the course is not as it must be; the message is one clear sentence."""
