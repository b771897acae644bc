#!/usr/bin/env bash
# Adds a finished run to experiments/results.csv, and makes experiments/README.md anew. Test is read once, here.
#   scripts/record_result.sh TABLE RUN [SETTING=VALUE]...
# TABLE names a table of the page (static, dynamic, bound, mixers, classes, grey, text, digits). The spec is that of configs/ with
# the run's name; SETTINGs are those of EVAL (see below), `published=NUMBER`, `published_in=TEXT`, `overrides=TEXT`.
#   eval='--orders 128'   further words of `mlrun eval`
#   bytes=split:test      also compresses that, and records the bytes
# MLRUN_BINARY names the program (default: build/release/mlrun).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mlrun=${MLRUN_BINARY:-$root/build/release/mlrun}
usage() { sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
[[ $# -ge 2 ]] || usage
table=$1 run=$2
shift 2
eval_words=() bytes='' published='' published_in='' overrides=''
for setting in "$@"; do
  case $setting in
    eval=*) read -ra eval_words <<<"${setting#*=}" ;;
    bytes=*) bytes=${setting#*=} ;;
    published=*) published=${setting#*=} ;;
    published_in=*) published_in=${setting#*=} ;;
    overrides=*) overrides=${setting#*=} ;;
    *) usage ;;
  esac
done

shown=$("$mlrun" show "$run" --json)
checked=$("$mlrun" validate "$run" --json | tail -n 1) # says how many parameters it has
answer=$("$mlrun" eval "$run" --split test --json "${eval_words[@]}" | tail -n 1)
proof=PASS
"$mlrun" -q prove "$run" >/dev/null || proof=FAIL
size=''
if [[ -n $bytes ]]; then
  packed=$(mktemp)
  trap 'rm -f "$packed"' EXIT
  "$mlrun" -q compress "$run" "$bytes" -o "$packed.mlz"
  size=$(stat -c %s "$packed.mlz")
  rm -f "$packed.mlz"
fi

TABLE=$table SHOWN=$shown CHECKED=$checked ANSWER=$answer PROOF=$proof SIZE=$size PUBLISHED=$published PUBLISHED_IN=$published_in OVERRIDES=$overrides \
  EVAL="${eval_words[*]}" python3 - "$root" <<'PYTHON'
import csv, json, os, pathlib, sys

root = pathlib.Path(sys.argv[1])
run, answer = json.loads(os.environ["SHOWN"]), json.loads(os.environ["ANSWER"])
config = run["name"] + ".yaml"
if not (root / "configs" / config).exists():
    sys.exit(f"record_result.sh: the run's name is '{run['name']}', and there is no configs/{config}")
if run["status"] != "finished":
    sys.exit(f"record_result.sh: {run['run']} is {run['status']}, not finished")
target = root / "experiments" / "results.csv"
with open(target, newline="", encoding="utf-8") as file:
    reader = csv.DictReader(file)
    columns, rows = reader.fieldnames, list(reader)
if answer.get("accuracy") is not None and os.environ["TABLE"] == "classes":
    value, se, unit, valid = 100 * answer["accuracy"], 100 * answer["accuracy_se"], "%", 100 * (run["valid_accuracy"] or 0)
elif os.environ["TABLE"] == "grey":
    value, se, unit, valid = answer["bpd"], answer["nll_se"] * answer["bpd"] / answer["nll"], "bits/dim", run["valid_bpd"]
else:
    value, se, unit, valid = answer["nll"], answer["nll_se"], "nats", run["valid_nll"]
environment = run["environment"]
cpu = run.get("cpu_seconds")
row = {
    "table": os.environ["TABLE"], "config": config, "overrides": os.environ["OVERRIDES"],
    "value": f"{value:.3f}", "se": f"{se:.3f}", "valid": f"{valid:.3f}", "unit": unit,
    "published": os.environ["PUBLISHED"], "published_in": os.environ["PUBLISHED_IN"],
    "parameters": json.loads(os.environ["CHECKED"])["parameters"], "epochs": f"{run['epoch']:g}",
    "core_minutes": f"{cpu / 60:.1f}" if cpu else "", "seed": run["spec"]["seed"],
    "numerics": environment.get("numerics", ""), "commit": environment.get("commit", ""),
    "machine": environment.get("cpu", ""), "prove": os.environ["PROOF"], "bytes": os.environ["SIZE"],
    "command": f"mlrun eval @last {os.environ['EVAL']}" if os.environ["EVAL"] else "",
}
same = [r for r in rows if all(str(r[k]) == str(row[k]) for k in ("table", "config", "overrides", "seed", "command"))]
if same:  # the row is measured again: what the page says of print stays
    for key in ("published", "published_in"):
        row[key] = row[key] or same[0][key]
    rows[rows.index(same[0])] = row
else:
    rows.append(row)
with open(target, "w", newline="", encoding="utf-8") as file:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
print(f"{config}: {row['value']} +- {row['se']} {unit}, prove {row['prove']}")
PYTHON
"$root/scripts/results_page.py"
