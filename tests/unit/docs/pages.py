"""Read the code blocks of the documentation."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from tests.services import ROOT

DOCS = ROOT / "docs"
README = ROOT / "README.rst"
PAGES = sorted(path for path in DOCS.rglob("*.rst") if "_build" not in path.parts)

_BLOCK = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\S+)\n"
    r"(?P<options>(?:(?P=indent) +:\w+:.*\n)*)"
    r"\n"
    r"(?P<text>(?:(?P=indent) +\S.*\n|\s*\n)+)",
    re.MULTILINE,
)
_CAPTION = re.compile(r":caption: (.*)")


@dataclass(frozen=True)
class Block:
    """A code block: where it stands, and what it says."""

    page: Path
    line: int
    language: str
    caption: str
    text: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page, language=None):
    """Return the code blocks of a page, in order."""
    text = page.read_text(encoding="utf-8") + "\n"
    found = []
    for match in _BLOCK.finditer(text):
        caption = _CAPTION.search(match["options"])
        block = Block(
            page=page,
            line=text.count("\n", 0, match.start()) + 1,
            language=match["language"],
            caption=caption[1] if caption else "",
            text=textwrap.dedent(match["text"]).strip("\n") + "\n",
        )
        if language in {None, block.language}:
            found.append(block)
    return found
