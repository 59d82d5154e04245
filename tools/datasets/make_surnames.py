"""Make surnames.txt.gz: the men's surnames of the package russian-names, one a line."""

import io
import zipfile

from common import arguments, read_source, write_text

SOURCE = "russian_names-0.1.2-py3-none-any.whl"
SHA256 = "284fbe55f0901531e8771a8b9c0adcd463d2f66c2f7a296b28c406808a9fa15a"

if __name__ == "__main__":
    downloads, output = arguments()
    with zipfile.ZipFile(read_source(downloads, SOURCE, SHA256)) as package:
        inner = io.BytesIO(package.read("russian_names/_data.zip"))
    with zipfile.ZipFile(inner) as data:
        surnames = data.read("base.txt").decode().split("\n")[4].split(" ")
    # "Крас\x1bнов" holds a control character; without it, it is a name that is there already.
    surnames = sorted({name.replace("\x1b", "") for name in surnames})
    write_text(output / "surnames.txt.gz", "\n".join(surnames) + "\n")
