"""Puts drawn pictures into HTML instead of a reference to them: their links then work.

MkDocs calls it as a hook (mkdocs.yml). A picture takes part that says `class="picture"`: it has the
reader's colours, and links into the page around it.
"""

import re
from pathlib import Path
from typing import Any

_IMAGE = re.compile(r'<img\b[^>]*\bsrc="([^"]+\.svg)"[^>]*>')


def inline(html: str, folder: Path) -> str:
    """Return HTML with the pictures in it.

    Args:
        html: refers to pictures by paths from its own folder.
        folder: that folder.
    """

    def picture(found: re.Match[str]) -> str:
        file = folder / found[1]
        svg = file.read_text(encoding="utf-8") if file.is_file() else ""
        return svg if 'class="picture"' in svg else found[0]

    return _IMAGE.sub(picture, html)


def on_page_content(html: str, *, page: Any, config: Any, **_: Any) -> str:
    """Answer MkDocs, for each page."""
    return inline(html, Path(config.docs_dir, page.file.src_uri).parent)
