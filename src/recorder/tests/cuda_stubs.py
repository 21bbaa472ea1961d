"""Stands in for the CUDA libraries that PyPI's torch for Linux links, where only its CPU part is wanted.

Torch cannot be imported without these 4 GB, though its CPU part calls nothing of them but the small CUDA runtime.
`cuda_stubs.py runtime` prints the requirement that brings the runtime of the installed torch; `cuda_stubs.py link` then
gives torch a library of the same name for each of the others, whose functions all return 100: "no CUDA device".
"""

import re
import subprocess
import sys
import sysconfig
from collections import defaultdict
from importlib.metadata import requires
from pathlib import Path

NO_DEVICE = 100  # cudaErrorNoDevice
CUDA = re.compile(r"(lib)?(cu|nv|nccl)")
PACKAGES = Path(sysconfig.get_path("purelib"))


def runtime() -> str:
    """Of torch's own requirement `cuda-toolkit[cublas,cudart,...]==version`, the runtime alone."""
    toolkit = next(line for line in requires("torch") or [] if line.startswith("cuda-toolkit"))
    version = re.search(r"==([\d.]+)", toolkit)
    if version is None:
        raise SystemExit(f"torch does not pin its CUDA runtime: {toolkit}")
    return f"cuda-toolkit[cudart]=={version[1]}"


def link(folder: Path) -> None:
    """Reads what the libraries in torch's folder need, and writes a stub of each that is not installed beside them."""
    needed: set[str] = set()
    file_of_version: dict[str, str] = {}
    symbols: dict[str, set[str]] = defaultdict(set)  # by version; "" holds those without one
    for library in folder.glob("*.so"):
        command = ["readelf", "--dynamic", "--version-info", "--dyn-syms", "--wide", str(library)]
        dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        needed.update(name for name in re.findall(r"\(NEEDED\).*\[(.*)\]", dump) if CUDA.match(name))
        for block in re.split(r"Version: 1  File: ", dump)[1:]:
            for version in re.findall(r"Name: (\S+)", block.split("\n\n")[0]):
                file_of_version[version] = block.split()[0]
        for symbol, version in re.findall(r"UND (\w+)(?:@(\S+))?", dump):
            symbols[version].add(symbol)
    unversioned = sorted(symbol for symbol in symbols[""] if CUDA.match(symbol))
    installed = {path.name for path in (PACKAGES / "nvidia").rglob("*.so*")}
    for name in sorted(needed - installed):
        versions = [version for version, file in file_of_version.items() if file == name]
        write_stub(folder / name, {version: sorted(symbols[version]) for version in versions} or {"": unversioned})


def write_stub(path: Path, symbols: dict[str, list[str]]) -> None:
    """Compiles a library with the symbols of each version."""
    code = "".join(f"int {name}(void) {{ return {NO_DEVICE}; }}\n" for names in symbols.values() for name in names)
    versions = path.with_name("stub-versions")
    nodes = (f"{version} {{ {'; '.join(names)}; }};\n" for version, names in symbols.items() if version)
    versions.write_text("".join(nodes))
    script = [f"-Wl,--version-script={versions}"] if any(symbols) else []
    command = ["gcc", "-shared", "-nostdlib", "-w", f"-Wl,-soname,{path.name}", *script, "-o", str(path), "-xc", "-"]
    subprocess.run(command, input=code, text=True, check=True)
    versions.unlink()


if __name__ == "__main__":
    if sys.argv[1:] == ["runtime"]:
        print(runtime())
    else:
        link(PACKAGES / "torch" / "lib")
