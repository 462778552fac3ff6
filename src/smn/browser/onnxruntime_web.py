"""The files of ONNX Runtime Web, from npm's registry or a folder, of one version and checked."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from smn.bundle import file_sha256
from smn.errors import FetchError, InputError
from smn.files import write_bytes

VERSION = "1.30.0"
"""The version of the npm package ``onnxruntime-web`` that the page is tested with."""

_PACKAGE = f"onnxruntime-web@{VERSION}"

FILES: Mapping[str, str] = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
"""The files that the page needs, and their SHA-256."""


def find_runtime(folder: Path | None = None) -> Path:
    """The folder that holds `FILES`, all of them checked.

    Without a folder they are taken from the cache of the user, and if they are not there, npm downloads the package
    from the registry that it is configured for.

    Args:
        folder: holds the files, as the package's ``dist`` does, or holds the package.

    Raises:
        InputError: the folder lacks a file, or has another version of it; or npm is not installed.
        FetchError: npm could not download the package, or it is not what was published.
    """
    if folder is not None:
        found = next((one for one in (folder, folder / "dist") if all((one / name).is_file() for name in FILES)), None)
        if found is None:
            raise InputError(f"{folder} lacks {' or '.join(FILES)}; name the folder dist of onnxruntime-web {VERSION}.")
        wrong = _find_wrong(found)
        if wrong:
            raise InputError(f"{wrong} is not that of onnxruntime-web {VERSION}; name a folder with this version.")
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "smn" / f"onnxruntime-web-{VERSION}"
    if _find_wrong(cache):
        _download(cache)
    return cache


def _find_wrong(folder: Path) -> Path | None:
    """The first of the files that is missing or another."""
    files = ((folder / name, sha256) for name, sha256 in FILES.items())
    return next((file for file, sha256 in files if not file.is_file() or file_sha256(file) != sha256), None)


def _download(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(
            f"npm, which downloads onnxruntime-web {VERSION}, is not installed; install Node.js, or name a folder with "
            "the package: --runtime FOLDER"
        )
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", _PACKAGE, "--silent", "--pack-destination", place]
        done = subprocess.run(command, capture_output=True, text=True, cwd=place, check=False)  # noqa: S603 - npm
        archive = next(Path(place).glob("*.tgz"), None)
        if done.returncode != 0 or archive is None:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[0]
            raise FetchError(
                f"npm could not download it ({reason}); check the connection and npm's registry, or name a folder "
                "with the package: --runtime FOLDER",
                address=_PACKAGE,
            )
        cache.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as package:
            for name in FILES:
                stream = package.extractfile(f"package/dist/{name}")
                write_bytes(cache / name, stream.read() if stream is not None else b"")
    wrong = _find_wrong(cache)
    if wrong is not None:
        raise FetchError(f"{wrong} is not the published file; check npm's registry and try again.", address=_PACKAGE)
