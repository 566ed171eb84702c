"""Wheel, sdist and editable installs all bring templates, compiled catalogues and packs, and run from them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]

pytestmark = pytest.mark.packaging


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command and show what it said when it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is (or is about to be) under version control: as clean as a fresh clone."""
    copy = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy / name)
    return copy


@pytest.fixture(scope="module")
def built(checkout: Path) -> dict[str, Path]:
    """The sdist, and the wheel that is built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", checkout / "dist", cwd=checkout)
    (sdist,), (wheel,) = (checkout / "dist").glob("*.tar.gz"), (checkout / "dist").glob("*.whl")
    return {"sdist": sdist, "wheel": wheel}


def files(folder: Path, pattern: str = "**/*") -> set[str]:
    """The files below a folder, by their path in it."""
    return {str(path.relative_to(folder)) for path in folder.glob(pattern) if path.is_file()}


def test_the_wheel_holds_everything_and_nothing_else(checkout: Path, built: dict[str, Path]) -> None:
    with zipfile.ZipFile(built["wheel"]) as archive:
        names = set(archive.namelist())
    wanted = {f"kc_xblock/templates/{name}" for name in files(checkout / "templates")}
    wanted |= {f"kc_xblock/locale/{name}" for name in files(checkout / "locale", "**/*.po")}
    wanted |= {f"kc_xblock/locale/{name[:-3]}.mo" for name in files(checkout / "locale", "**/*.po")}
    for package in ("kc_xblock", "workflows"):
        wanted |= {f"{package}/{name}" for name in files(checkout / package) if "__pycache__" not in name}
    assert wanted - names == set()
    extra = {name for name in names - wanted if ".dist-info/" not in name}
    assert extra == set()


@pytest.mark.parametrize("how", ["wheel", "sdist", "editable", "strict editable"])
def test_an_install_works(how: str, checkout: Path, built: dict[str, Path], tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=tmp_path)
    python = tmp_path / "env/bin/python"
    packages = Path(subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True).strip())
    # Dependencies come from the environment that runs the tests; a .pth adds its folder and none of its editable installs.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    if "editable" in how:
        shutil.copytree(checkout, tmp_path / "source", ignore=shutil.ignore_patterns("dist", "build", "*.egg-info", "*.mo"))
        strict = ["--config-settings", "editable_mode=strict"] if how == "strict editable" else []
        what = [*strict, "-e", str(tmp_path / "source")]
    else:
        what = [str(built[how])]
    run(*PIP, "--python", python, "install", "--force-reinstall", "--no-deps", "--no-build-isolation", *what, cwd=tmp_path)
    templates = sorted(files(checkout / "templates"))
    run(python, "-P", ROOT / "tests/integration/installed.py", tmp_path, *templates, cwd=tmp_path)
