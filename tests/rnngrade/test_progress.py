"""How far a run is: a bar for a screen, lines for a log."""

import io

from rnngrade.run.progress import Progress


class Screen(io.StringIO):
    def isatty(self):
        return True


def shown(file, total=20, skipped=0):
    with Progress(total, "sums", file) as progress:
        for number in range(total):
            progress.skip() if number < skipped else progress.step()
    return file.getvalue()


def test_a_log_gets_a_line_per_tenth():
    lines = shown(io.StringIO()).splitlines()
    assert len(lines) == 10
    assert lines[4].startswith("sums:  50% 10/20 [")
    assert " submissions/s]" in lines[4]


def test_a_screen_gets_a_bar():
    text = shown(Screen())
    assert "20/20" in text
    assert "\r" in text


def test_what_is_skipped_does_not_count():
    assert shown(io.StringIO(), 20, 20) == ""
    assert shown(io.StringIO(), 20, 15).splitlines()[-1].startswith("sums: 100% 5/5 [")
