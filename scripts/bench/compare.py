#!/usr/bin/env python3
"""Times training steps of mlrun and of PyTorch beside each other, and writes the table of experiments/speed.md.

usage: scripts/bench/compare.py [NETWORK]... [--rounds N] [--steps N] [--threads N] [--write]
  NETWORK   made, pixelcnn, s4d, attention, lstm; without one: all
  --write   adds the figures to experiments/speed.csv and makes the table of experiments/speed.md anew

The two alternate: mlrun, PyTorch, PyTorch compiled, and again; PyTorch runs under the settings that suit it
(torch_environment). A figure is the median over rounds of the median step; of
PyTorch's two ways the faster one counts. Both clip the gradient's norm at 1 and use Adam, f32, on the same number of threads,
and both say how many weights they train: it is the same number, or nothing is compared. mlrun draws its own digits, so no data
are needed. A ratio that is a tenth off the last one on the same CPU is marked. Figures of a machine that others use as well are
printed and never written. Exit code 77 where PyTorch is not there.
"""

import argparse
import csv
import datetime
import importlib.util
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RECORD, PAGE = ROOT / "experiments/speed.csv", ROOT / "experiments/speed.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
COLUMNS = ["network", "cpu", "isa", "threads", "mlrun_ms", "torch_eager_ms", "torch_compiled_ms", "mlrun_mb", "mlrun",
           "torch", "date"]

# network -> batch, and the spec of the same network.
WORKLOADS = {
    "made": (100, ["configs/made.yaml", "model.hidden=[500,500]", "model.direct=false"]),
    "pixelcnn": (64, ["configs/pixelcnn.yaml"]),
    "s4d": (16, ["configs/sequence.yaml"]),
    "attention": (16, ["configs/sequence_attention.yaml"]),
    "lstm": (16, ["configs/sequence_lstm.yaml"]),
}
COMMON = ["data={kind: digits}", "optim={kind: adam, lr: 1e-3}", "schedule={kind: constant}", "train.clip_norm=1.0",
          "train.average=0"]


def answer_of(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        sys.exit(f"compare.py: {' '.join(map(str, command))}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def torch_environment(folder):
    """What suits PyTorch: an allocator that keeps its memory and takes large pages, and on CPUs of every vendor the kernels
    that MKL has for this set of instructions (it asks this function whether the CPU is Intel's, and runs slower ones elsewhere)."""
    settings = {"MALLOC_TRIM_THRESHOLD_": str(1 << 36), "MALLOC_MMAP_THRESHOLD_": str(1 << 36),
                "MALLOC_TOP_PAD_": str(1 << 26), "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    compiler = shutil.which("cc")
    if compiler is None:
        print("compare.py: no C compiler: MKL may run slower kernels than this CPU has", file=sys.stderr)
        return settings
    library = pathlib.Path(folder) / "any_vendor.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-x", "c", "-o", library, "-"], check=True, text=True,
                   input="int mkl_serv_intel_cpu_true(void) { return 1; }\n")
    return {**settings, "LD_PRELOAD": str(library)}


def cpu_name():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return re.sub(r"\s+", " ", found.group(1)) if found else "unknown"


def measure(network, mlrun, arguments, environment):
    batch, spec = WORKLOADS[network]
    common = ["--steps", str(arguments.steps), "--warmup", "3", "--threads", str(arguments.threads), "--max-seconds",
              str(arguments.max_seconds)]
    ours = [mlrun, "profile", *spec, *COMMON, f"train.batch_size={batch}", *common, "--json"]
    torch = [sys.executable, "scripts/bench/train_step.py", network, "--batch", str(batch), *common]
    times = {"mlrun": [], "eager": [], "compiled": []}
    for _ in range(arguments.rounds):
        a = answer_of(ours)
        times["mlrun"].append(a["ms_per_step"]["median"])
        for way in ["eager"] + ([] if arguments.eager_only else ["compiled"]):
            b = answer_of(torch + (["--compile"] if way == "compiled" else []), environment)
            if a["parameters"] != b["parameters"]:
                sys.exit(f"compare.py: {network} has {a['parameters']} weights in mlrun and {b['parameters']} in PyTorch")
            times[way].append(b["ms_per_step"]["median"])
    figure = {way: f"{statistics.median(all):.1f}" if all else "" for way, all in times.items()}
    return dict(zip(COLUMNS, [
        network, cpu_name(), isa_of(mlrun), arguments.threads, figure["mlrun"], figure["eager"],
        figure["compiled"], f"{a['peak_rss_mb']:.0f}", version_of(mlrun), b["torch"], datetime.date.today().isoformat()]))


def isa_of(mlrun):
    findings = answer_of([mlrun, "doctor", "--json"])["findings"]
    return next(f["found"] for f in findings if f["what"] == "instructions").split()[0]


def version_of(mlrun):
    words = subprocess.run([mlrun, "--version"], capture_output=True, text=True, check=True).stdout.split()
    return words[1] if len(words) > 1 else words[0]


def ratio_of(row):
    torch = min(float(row[way]) for way in ["torch_eager_ms", "torch_compiled_ms"] if row[way])
    return torch / float(row["mlrun_ms"])


def rows_on_record():
    if not RECORD.exists():
        return []
    with RECORD.open(newline="") as file:
        return list(csv.DictReader(file))


def table_of(rows):
    """The last figure of each network on each CPU."""
    if not rows:
        return "None on record yet."
    last, before = {}, {}
    for row in rows:
        place = (row["cpu"], row["network"], str(row["threads"]))
        before[place], last[place] = last.get(place), row
    lines = ["| network | CPU | threads | mlrun, ms | PyTorch eager | compiled | ratio | MB | PyTorch, date |",
             "| --- | --- | --: | --: | --: | --: | --: | --: | --- |"]
    for place, row in last.items():
        now, then = ratio_of(row), before[place] and ratio_of(before[place])
        mark = f" (was {then:.2f}x)" if then and abs(now / then - 1) > 0.1 else ""
        lines.append(f"| {row['network']} | {row['cpu']}, {row['isa']} | {row['threads']} | {row['mlrun_ms']} | "
                     f"{row['torch_eager_ms']} | {row['torch_compiled_ms']} | {now:.2f}x{mark} | {row['mlrun_mb']} | "
                     f"{row['torch']}, {row['date']} |")
    return "\n".join(lines)


def page_with(rows):
    head, rest = PAGE.read_text().split(BEGIN + "\n", 1)
    return f"{head}{BEGIN}\n{table_of(rows)}\n{END}{rest.split(END, 1)[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--max-seconds", type=float, default=60)
    parser.add_argument("--eager-only", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true", help="only see that the page has the table of the figures on record")
    arguments = parser.parse_args()
    if arguments.check:
        if page_with(rows_on_record()) != PAGE.read_text():
            sys.exit(f"compare.py: {PAGE.name} has another table than {RECORD.name}; write it anew:   scripts/bench/compare.py --write")
        return
    for network in arguments.networks:
        if network not in WORKLOADS:
            parser.error(f"network '{network}': expected one of {', '.join(WORKLOADS)}")
    if importlib.util.find_spec("torch") is None:
        print(f"compare.py: PyTorch is not there, so nothing is compared with it\n"
              f"  {sys.executable} -m pip install torch --index-url https://download.pytorch.org/whl/cpu", file=sys.stderr)
        sys.exit(77)
    mlrun = str(ROOT / "build/release/mlrun")
    load = float(pathlib.Path("/proc/loadavg").read_text().split()[0])  # before any work of ours
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        environment = torch_environment(folder)
        for network in arguments.networks or WORKLOADS:
            row = measure(network, mlrun, arguments, environment)
            rows.append(row)
            print(f"{network}: mlrun {row['mlrun_ms']} ms, PyTorch {row['torch_eager_ms']} eager, "
                  f"{row['torch_compiled_ms'] or '-'} compiled: {ratio_of(row):.2f}x", flush=True)
    if load > 0.5:
        print(f"compare.py: others were at work on this machine (load {load:.1f}), so these figures say little", file=sys.stderr)
    if load > 0.5 or not arguments.write:
        return
    rows = rows_on_record() + rows
    with RECORD.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    PAGE.write_text(page_with(rows))


main()
