"""Makes public/block.css, the style of the card in a lesson, from the style sheet of the full pages: `make block-css`.

A course page brings hundreds of kilobytes of style of its own. What keeps it out: the card's root forgets everything
(`all: initial`), what is inside falls back to the browser's own style (`all: revert`, pictures left alone), and our rules
carry the weight of two ids, so that no rule of the page is stronger. Tokens and rules come from the pages' sheet, so
that card and page are one family; a rule is taken when the card's templates use every element and class it names.
Knows two style sheets and the templates; no Django, no case.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = ".kc-block:not(#_#_)"
"""The root's selector: an id that nothing has, twice. Repeating the class only beats rules without an id."""

LEFT_OUT = ("print", "prefers-color-scheme")
"""Media the card has nothing for: a lesson is not printed for a file, and the page around it stays light."""

UNIT = "var(--kc-unit)"
"""Stands for `rem`, which Studio makes 10 pixels: 16 pixels, or more for who reads large."""

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent


def rules(css: str) -> Iterator[tuple[str, str]]:
    """Split a sheet (or the inside of a media rule) into its rules: (selector or at-rule, body). No comments, no imports."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    start = depth = opened = 0
    for at, sign in enumerate(css):
        if sign == "{":
            if depth == 0:
                opened = at
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield " ".join(css[start:opened].split()), css[opened + 1 : at].strip()
                start = at + 1


def alternatives(selector: str) -> list[str]:
    """Split `a, b:not(c, d)` at the commas that stand outside brackets."""
    parts, depth = [""], 0
    for sign in selector:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def words_of(markup: str) -> set[str]:
    """Return every element and `.class` that templates name."""
    found = set(re.findall(r"<([a-z][a-z0-9]*)", markup))
    for value in re.findall(r'class="([^"]*)"', markup):
        found |= {f".{name}" for name in re.sub(r"{%.*?%}|{{.*?}}", " ", value).split()}
    return found


def is_used(selector: str, used: set[str]) -> bool:
    """Whether a card names every element and class of this selector."""
    bare = re.sub(r"\[[^\]]*\]|::?[a-z-]+(\((?:[^()]|\([^()]*\))*\))?", " ", selector)
    return all(name in used for name in re.findall(r"[.#][\w-]+|(?<![\w.#-])[a-z][a-z0-9]*", bare))


def scoped(selector: str) -> str:
    """Put a selector inside the card."""
    return selector.replace(":root", ROOT, 1) if selector.startswith(":root") else f"{ROOT} {selector}"


def sized(body: str) -> str:
    """Replace every `rem` by the card's own unit."""
    return re.sub(r"(?<![\w#.-])(-?(?:\d+\.?\d*|\.\d+))rem\b", lambda size: UNIT if size[1] == "1" else f"calc({size[1]} * {UNIT})", body)


def taken(css: str, used: set[str]) -> Iterator[str]:
    """Return the rules a card uses, scoped, one line each."""
    for selector, body in rules(css):
        if selector.startswith("@media"):
            if not any(name in selector for name in LEFT_OUT) and (inside := list(taken(body, used))):
                yield "\n".join([f"{selector} {{", *inside, "}"])
            continue
        kept = [scoped(one) for one in alternatives(selector) if is_used(one, used)]
        if kept:
            yield f"{', '.join(kept)} {{ {' '.join(sized(body).split())} }}"


def build(pages: str, own: str, markup: str) -> str:
    """Return the card's sheet.

    Args:
        pages: the style sheet of the full pages. own: what only the card has. markup: the card's templates.
    """
    used = words_of(markup) | {".bad"}
    lines = [
        "/* Made by `make block-css` from workflows/static/workflows/kc.css and block.source.css. Do not edit. */",
        f"{ROOT} {{ all: initial; --kc-unit: max(1rem, 16px); }}",
        f"{ROOT} :where(:not(svg, svg *)), {ROOT} ::before, {ROOT} ::after {{ all: revert; }}",
        *taken(pages, used),
        *taken(own, used),
    ]
    return "\n".join(lines) + "\n"


def current() -> str:
    """Return the sheet as the files of this checkout make it."""
    templates = sorted((REPOSITORY / "templates/kc_xblock").glob("*.html"))
    return build(
        (REPOSITORY / "workflows/static/workflows/kc.css").read_text(encoding="utf-8"),
        (HERE / "public/block.source.css").read_text(encoding="utf-8"),
        "".join(path.read_text(encoding="utf-8") for path in templates),
    )


if __name__ == "__main__":
    target = HERE / "public/block.css"
    target.write_text(current(), encoding="utf-8")
    sys.stdout.write(f"{target.relative_to(REPOSITORY)}: {target.stat().st_size} bytes\n")
