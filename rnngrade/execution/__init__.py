"""One submission, run in two processes: the student's, and the examiner's."""
