"""How kc-xblock is packed: two packages, with the top-level templates/ and locale/ inside the first.

The packs, templates and catalogues travel in the wheel. Catalogues are compiled while building, in pure Python,
so that neither a builder nor a user needs gettext's tools.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """Read the requirement lines of one file in requirements/, without comments and options."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    stripped = (line.split(" #")[0].strip() for line in lines)
    return [line for line in stripped if line and not line.startswith(("#", "-"))]


def version() -> str:
    """Read the version from kc_xblock/__init__.py without importing it."""
    found = re.search(r'^__version__ = "([^"]+)"', (ROOT / "kc_xblock/__init__.py").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("kc_xblock/__init__.py has no __version__")
    return found.group(1)


class BuildWithCatalogues(build_py):  # type: ignore[misc] # setuptools has no type hints
    """Compile locale/*/LC_MESSAGES/*.po next to their sources before anything is copied.

    In place, because an editable install reads the catalogues from the working tree. Fuzzy entries are left out,
    as msgfmt does.
    """

    def run(self) -> None:
        """Compile, then build as usual."""
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for source in sorted((ROOT / "locale").glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as text, source.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, read_po(text, locale=source.parts[-3]))
        super().run()


setup(
    name="kc-xblock",
    version=version(),
    description="Social-media incidents, consents and accounts at Dutch schools, on the course page of Open edX",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8") if (ROOT / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="AGPL-3.0-or-later",
    license_files=["LICENSE"],
    classifiers=[
        "Framework :: Django :: 5.2",
        "Natural Language :: Dutch",
        "Natural Language :: English",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Education",
    ],
    python_requires=">=3.11,<3.13",
    install_requires=requirements("base.txt"),
    packages=[
        *find_packages(include=["kc_xblock", "kc_xblock.*", "workflows", "workflows.*"]),
        "kc_xblock.templates",
        "kc_xblock.locale",
    ],
    package_dir={"kc_xblock.templates": "templates", "kc_xblock.locale": "locale"},
    package_data={
        "kc_xblock": ["public/**/*", "lessons/**/*"],
        "kc_xblock.templates": ["**/*"],
        "kc_xblock.locale": ["*/LC_MESSAGES/*.po", "*/LC_MESSAGES/*.mo"],
        "workflows": ["protocols/**/*.toml", "static/**/*", "delivery/fonts/*"],
    },
    cmdclass={"build_py": BuildWithCatalogues},
    entry_points={
        "xblock.v1": [
            "kc_case_desk = kc_xblock.case_desk:CaseDeskXBlock",
            "kc_media_literacy = kc_xblock.media_literacy:MediaLiteracyXBlock",
        ],
        "lms.djangoapp": [
            "kc_xblock = kc_xblock.apps:KcXblockConfig",
            "kc_workflows = workflows.apps:WorkflowsConfig",
        ],
        "cms.djangoapp": [
            "kc_xblock = kc_xblock.apps:KcXblockConfig",
            "kc_workflows = workflows.apps:WorkflowsConfig",
        ],
    },
    zip_safe=False,
)
