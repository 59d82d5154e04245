"""Exam preparation: calculations on paper with seeded numbers, questions, mock exams.

`python -m exam paper --seed 7` writes a mock exam. The items stand in `exam/items`, the
questions in `book/questions`, one file per chapter in each. The book's pages on the exam are
made of both by `book/_ext/exam_pages.py`.
"""
