"""What closes a student's process in, and the warm processes that it is forked from."""
