#!/usr/bin/env python3
"""Functions of the program that the program does not use.

usage: scripts/check_unused.py BUILD_DIRECTORY

A function counts as unused when no object file of the program has a relocation to it, and the sources that it was compiled
with name it only where they define it (a call that was inlined leaves no relocation). What only tests use is unused, too.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Unused on purpose, and why.
KEPT = {
    "ops": {"div", "sqrt", "mean", "permute", "transpose"},  # arithmetic for a model of one's own; formulas of tests
    "hippo": {"legs_step"},  # the definition that faster forms are held against
    "io": {"seal", "gzip"},  # tests make such files with them
    "Hdf5Reader": {"children"},  # what one side of the HDF5 layer writes, the other reads
    "Hdf5Writer": {"scalar", "integer_scalar"},
    "Tensor": {"of"},  # how tests write numbers
    "kernels": {"has_matmul"},  # whether this CPU multiplies bf16
}


def lines_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def sources_of(build, item):
    """The .cpp files that an object was compiled from: one, or several where they are compiled at once."""
    inside = re.sub(r".*\.dir/", "", str(item)).removesuffix(".o")
    if inside.startswith("Unity/"):
        text = item.with_name(item.name.removesuffix(".o")).read_text()
        return [pathlib.Path(name) for name in re.findall(r'^#include "(.*\.cpp)"', text, re.M)]
    return [path for path in [ROOT / inside] if path.exists()]


def words_of(sources):
    text = "\n".join(source.read_text() for source in sources)
    text = re.sub(r"//.*", "", text)
    return re.findall(r"[A-Za-z_]\w*", re.sub(r'"(\\.|[^"\\\n])*"', '""', text))


def plain_name(symbol):
    """mlrun::ops::mean(mlrun::Variable const&) -> ["mlrun", "ops", "mean"]"""
    name = re.split(r"[(\[]", symbol.replace("(anonymous namespace)", "_"))[0]
    while "<" in name and (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    return name.split(" ")[-1].split("::")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    # By what is compiled now: an object file may be left of a source that is gone.
    commands = build / "compile_commands.json"
    entries = json.loads(commands.read_text()) if commands.exists() else []
    outputs = {re.search(r" -o (\S+)", entry["command"]).group(1) for entry in entries}
    objects = sorted(build / output for output in outputs if re.match(r"CMakeFiles/mlrun.*\.o$", output))
    objects = [item for item in objects if item.exists()]
    if not objects:
        sys.exit(f"check_unused: no object files in {build}/CMakeFiles; build first")
    used = set()
    for line in lines_of("readelf", "-rW", *map(str, objects)):
        fields = line.split()
        if len(fields) >= 5 and fields[2].startswith("R_"):
            used.add(fields[4])
    unused = []
    defined = {}  # object -> its functions
    for line in lines_of("nm", "-A", "--defined-only", "-g", *map(str, objects)):
        item, rest = line.split(":", 1)
        fields = rest.split()
        if len(fields) == 3 and fields[1] == "T":
            defined.setdefault(pathlib.Path(item), []).append(fields[2])
    for item, symbols in defined.items():
        demangled = subprocess.run(["c++filt"], input="\n".join(symbols), check=True, capture_output=True,
                                   text=True).stdout.splitlines()
        names = [plain_name(symbol) for symbol in demangled]
        candidates = [k for k, symbol in enumerate(symbols) if symbol not in used and "mlrun" in names[k][:1]]
        if not candidates:
            continue
        words = words_of(sources_of(build, item))
        for k in candidates:
            *scopes, name = names[k]
            if not name.isidentifier() or name in scopes[-1:] or any(s.startswith("N_") for s in scopes):
                continue  # operators, constructors, what Highway compiles once for each instruction set
            if words.count(name) > sum(other[-1] == name for other in names):
                continue
            if name not in KEPT.get(scopes[-1], set()):
                unused.append(demangled[k])
    for symbol in sorted(set(unused)):
        print(f"unused: {symbol}", file=sys.stderr)
    sys.exit(1 if unused else 0)


main()
