"""Grading of the course's exercises under nbgrader's own commands."""
