"""Files and folders that are there whole or not at all, whenever the power goes."""

import os
import secrets
import shutil
from pathlib import Path


def write_aside(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it; at any moment it is the old or the new.

    Args:
        path: the file; folders above it are made.
        data: what is to be in it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def write_once(path: Path, data: bytes) -> None:
    """Write a file that its owner alone may read, unless it is there: who is first counts.

    Args:
        path: the file, in a folder that is there.
        data: what is to be in it.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        _name(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def publish(made: Path, place: Path, merge: bool = False) -> None:
    """Put a folder into its place; at any moment each of its files is the old or the new.

    Args:
        made: the folder, on the same disk; it is gone afterwards.
        place: where it goes; a folder that is there already gets the new files.
        merge: whether files stay there that the new folder has not.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        made.rename(place)
        return
    new = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    for name in sorted(new):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).replace(place / name)
    for path in [] if merge else list(place.rglob("*")):
        if path.is_file() and path.relative_to(place) not in new:
            path.unlink()
    shutil.rmtree(made)


def _name(aside: Path, path: Path) -> None:
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    except OSError:  # a disk without hard links
        aside.rename(path)
