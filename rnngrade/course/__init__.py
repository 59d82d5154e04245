"""What stands under nbgrader: the course, its units, and each step over a notebook."""
