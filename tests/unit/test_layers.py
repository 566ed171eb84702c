"""The layers that import-linter cannot say: one home for WeasyPrint, one lazy home for the platform."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("workflows/**/*.py"), *ROOT.glob("kc_xblock/**/*.py")])
PLATFORM = {"lms", "cms", "common", "xmodule", "openedx", "student"}


@cache
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """Every imported top-level package of a file, and whether the import waits inside a function."""
    return tuple(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    lazy = {
        id(inner)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(function)
    }
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        for name in names:
            yield name.partition(".")[0], id(node) in lazy


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_weasyprint_is_imported_lazily_and_by_the_letters_alone(path: Path) -> None:
    """A web process without pango must start, and say what is missing only when a letter is asked for."""
    found = [lazy for name, lazy in imports(path) if name == "weasyprint"]
    if path == ROOT / "workflows/delivery/letters.py":
        assert all(found), "import weasyprint inside a function"
    else:
        assert not found, "only workflows/delivery/letters.py renders"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_platform_is_imported_lazily_and_in_compat_alone(path: Path) -> None:
    """Without Open edX everything must import; with it, one file says what we use of it."""
    found = [lazy for name, lazy in imports(path) if name in PLATFORM]
    assert not found or (path.name == "compat.py" and all(found))


def test_the_blocks_package_imports_no_block() -> None:
    """Plugin apps load while settings load; a block imported there would need the apps that are not ready yet."""
    assert not list(imports(ROOT / "kc_xblock/__init__.py"))


def asked_for(path: Path) -> Iterator[str]:
    """Every name of a file, and every string that could be compared with a pack's key: one word, or key/date."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.partition("/")[0]
        elif isinstance(node, ast.Name | ast.FunctionDef | ast.ClassDef):
            yield from (node.id if isinstance(node, ast.Name) else node.name).split("_")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_school_is_asked_for_in_code(path: Path) -> None:
    """A rule of one school lives in its pack; code that asks for a school hides one."""
    schools = {path.name for path in (ROOT / "workflows/protocols").glob("*") if path.is_dir()}
    schools -= {"nl-po", "nl-vo", "kc", "drafts"}
    assert not schools & {word.lower() for word in asked_for(path)}
