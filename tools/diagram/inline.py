"""Puts drawn pictures into HTML instead of a reference to them: their links then work.

MkDocs calls it as a hook (mkdocs.yml). A picture takes part that says `class="picture"`: it has the
reader's colours, and links into the page around it.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_IMAGE = re.compile(r'<img\b[^>]*\bsrc="([^"]+\.svg)"[^>]*>')


def inline(html: str, svg_of: Callable[[str], str]) -> str:
    """Return HTML with the pictures in it.

    Args:
        html: refers to pictures.
        svg_of: returns the picture at an address; an empty text where there is none.
    """

    def picture(found: re.Match[str]) -> str:
        svg = svg_of(found[1])
        return svg if 'class="picture"' in svg else found[0]

    return _IMAGE.sub(picture, html)


def on_page_content(html: str, *, page: Any, config: Any, **_: Any) -> str:
    """Answer MkDocs, for each page."""
    folder = Path(config.docs_dir, page.file.src_uri).parent

    def svg_of(address: str) -> str:
        file = folder / address
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    return inline(html, svg_of)
