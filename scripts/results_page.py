#!/usr/bin/env python3
"""Makes experiments/README.md, and the picture .images/results.svg of README.md, from experiments/results.csv, which
scripts/record_result.sh adds rows to.

  scripts/results_page.py            writes both
  scripts/results_page.py --check    exit 1 when one of them is another one (a test)
"""
import csv
import pathlib
import sys

sys.dont_write_bytecode = True
import results_figure  # beside this file

EXPERIMENTS = pathlib.Path(__file__).resolve().parent.parent / "experiments"
# Each table of the page: its name in the CSV, its title, and what a reader must know of it.
TABLES = [
    ("static", "Binary MNIST, static",
     "Larochelle's files: 50,000 images to train on, 10,000 valid, 10,000 test. Independent pixels give 205.79."),
    ("dynamic", "Binary MNIST, dynamic",
     "The training set is drawn anew every epoch, valid and test once. Never ranked with the static rows."),
    ("bound", "Binary MNIST, static, through the codes of a VQ-VAE",
     "An upper bound on -log p(x): reconstruction + prior. See [notes/two_stages.md](notes/two_stages.md)."),
    ("mixers", "Mixers at equal time",
     "Binary MNIST, static, as a stream of 784 pixels; some 250,000 parameters and eight minutes of one core each."),
    ("classes", "Classes of MNIST read pixel by pixel", "Accuracy on test; higher is better."),
    ("grey", "Grey MNIST, 256 levels", ""),
    ("text", "Characters of tiny Shakespeare", ""),
    ("digits", "Digits that the program draws itself", "What `scripts/quickstart.sh` trains without a network."),
]
HEAD = """# Results

<!-- Made by scripts/results_page.py from results.csv: change that, or this page's words there. -->

Each row is a run of the YAML beside it, watched to its end: `mlrun train`, then `mlrun eval` of its best checkpoint, which valid chose, on
the test split, read once. Lower is better where nothing else is said. *ours* is the mean over the split with its standard error; nats are
of an image.
To repeat a row, run its command. A run says what made it (`mlrun show`); rows of another numerics version have other bits today, and the
same expectation. An empty place was not measured.

More: [results.csv](results.csv) (all columns: seed, commit, numerics version, machine), [speed.md](speed.md) (beside PyTorch, memory,
compression), [notes/](notes) (what was tried for each row, and did not help).
"""


FRONTIER = """## What core-minutes buy

The lowest test NLL of binary MNIST (nats) among the rows below whose core-minutes were measured.

![Test NLL against core-minutes, beside published numbers](../.images/results.svg)

{table}
"""


def read_rows():
    with open(EXPERIMENTS / "results.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def command_of(row):
    if row["config"] == "":
        return row["command"]
    note = row["overrides"]
    shown = f"[`{row['config']}`](../configs/{row['config']})"
    if note:
        shown += f" `{note}`" if "=" in note and "," not in note and " .yaml" not in note and "then" not in note else f", {note}"
    return shown + (f"; `{row['command']}`" if row["command"] else "")


def table_of(rows):
    lines = ["| train | ours | published | core-minutes | parameters | `prove` |", "| --- | --: | --: | --: | --: | --- |"]
    for row in rows:
        value = f"{row['value']} +- {row['se']} {row['unit']}"
        published = f"{row['published']} ({row['published_in']})" if row["published"] else row["published_in"]
        parameters = f"{int(row['parameters']):,}".replace(",", " ") if row["parameters"] else ""
        lines.append(f"| {command_of(row)} | {value} | {published} | {row['core_minutes']} | {parameters} | {row['prove']} |")
    return "\n".join(lines)


def page(rows):
    known = {name for name, _, _ in TABLES}
    for row in rows:
        if row["table"] not in known:
            sys.exit(f"results.csv: table '{row['table']}' is none of {', '.join(sorted(known))}")
    parts = [HEAD, FRONTIER.format(table=results_figure.frontier_table(rows))]
    for name, title, note in TABLES:
        own = [row for row in rows if row["table"] == name]
        own.sort(key=lambda row: -float(row["value"]) if row["unit"] == "%" else float(row["value"]))
        if own:
            parts.append(f"## {title}\n\n" + (note + "\n\n" if note else "") + table_of(own) + "\n")
    return "\n".join(parts)


def main():
    rows = read_rows()
    made = {EXPERIMENTS / "README.md": page(rows), EXPERIMENTS.parent / ".images" / "results.svg": results_figure.svg(rows)}
    if sys.argv[1:] == ["--check"]:
        for target, text in made.items():
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                sys.exit(f"{target} is not what results.csv says; remedy: scripts/results_page.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        for target, text in made.items():
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
