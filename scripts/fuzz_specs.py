"""What scripts/fuzz_specs.sh does: see there. Standard library only."""
import functools
import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM, SECONDS = sys.argv[1], float(sys.argv[2])
PATIENCE = float(os.environ.get("MLRUN_PATIENCE", "1"))
SEED = int(os.environ.get("MLRUN_FUZZ_SEED", str(int(time.time()) % 100000)))
# A word of these on stderr is a failure whatever the exit code.
FORBIDDEN = ("internal error", "runtime error", "Sanitizer", "terminate called", "Assertion")


def mlrun(*words, seconds=60.0):
    """Exit code (a signal is negative, None a hang), stdout, stderr."""
    try:
        done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=seconds * PATIENCE, text=True, errors="replace")
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as expired:
        return None, "", str(expired)


@functools.lru_cache(maxsize=None)
def schema(path):
    """Properties of a whole spec in which one kind is chosen: "model.made", "model.quantizer.fsq"."""
    code, out, err = mlrun("config", "schema", path, "--json")
    if code != 0:
        sys.exit(f"mlrun config schema {path} --json: exit {code}: {err}")
    return json.loads(out)["properties"]


class Word(str):
    """A word that stands for a value (auto, never): written without quotes, or it would be a text."""


def yaml_of(value):
    """In flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {yaml_of(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(yaml_of(inner) for inner in value) + "]"
    return str(value) if isinstance(value, Word) else json.dumps(value)


class Random:
    """Small values mostly, ends of ranges often, defaults often, and now and then something extreme."""

    def __init__(self, seed):
        self.draw = random.Random(seed)

    def integer(self, field):
        low, high = field.get("minimum", 0), field.get("maximum", 64)
        small = min(high, low + 12)
        return self.draw.choice([low, min(high, low + 1), self.draw.randint(low, small), self.draw.randint(low, small)])

    def number(self, field):
        low = field.get("minimum", field.get("exclusiveMinimum", -10.0))
        high = field.get("maximum", field.get("exclusiveMaximum", 10.0))
        open_low, open_high = "exclusiveMinimum" in field, "exclusiveMaximum" in field
        values = [low + (high - low) * self.draw.random(), low + min(1e-3, high - low) * self.draw.random()]
        values += [] if open_low else [low]
        values += [] if open_high else [high]
        if "maximum" not in field and "exclusiveMaximum" not in field:
            values.append(10 ** self.draw.uniform(1, 6))
        value = self.draw.choice(values)
        return value if not (open_low and value <= low) else low + 0.5 * (high - low)

    def value(self, name, field):
        if "anyOf" in field:
            ways = field["anyOf"]
            if ways[0].get("minItems", 0) > 1:  # one value stands for a list of one, and of no more
                ways = ways[:1]
            return self.value(name, self.draw.choice(ways))
        if "const" in field:
            return Word(field["const"])
        if "enum" in field:
            return self.draw.choice(field["enum"])
        kind = field.get("type")
        if kind == "integer":
            return self.integer(field)
        if kind == "number":
            return self.number(field)
        if kind == "boolean":
            return self.draw.random() < 0.5
        if kind == "array":
            least = field.get("minItems", 0)
            size = self.draw.randint(least, min(field.get("maxItems", 3), least + 2))
            return [self.value(name, field["items"]) for _ in range(size)]
        if "pattern" in field:
            periods = ["1 step", "2 steps", "3 steps", "1 epoch", "2 epochs"]
            # Which units a field takes is not in the schema; these two take a time, and a warmup may be nothing.
            periods += ["0.0001 min"] * (field.get("default") in ("10 min", "eval")) + ["0 steps"] * (name == "warmup")
            return self.draw.choice(periods)
        return None  # a text: the default

    def section(self, path, properties, required=()):
        """A section's fields, `path` being where the schema of its kinds is asked for."""
        chosen = {}
        if "kind" in properties:
            chosen["kind"] = self.draw.choice(properties["kind"]["enum"])
            found = {"properties": schema(f"{path}.{chosen['kind']}")}
            for part in path.split("."):
                found = found["properties"][part]
            properties, required = found["properties"], found.get("required", [])
        for name, field in properties.items():
            if name == "kind":
                continue
            if "properties" in field:
                inner = path if name == "of" else f"{path}.{name}"
                if self.draw.random() < 0.6 or "required" in field:
                    chosen[name] = self.section(inner, field["properties"], field.get("required", []))
                continue
            default = field.get("default", 0)
            large = path.startswith("model") and (isinstance(default, int) and default > 8 or "items" in str(field))
            if self.draw.random() < 0.4 or name in required or large:  # sizes are made for training: too slow here
                value = self.value(name, field)
                if value is not None:
                    chosen[name] = value
        return chosen


def make_files(root, draw):
    """Small images with labels, tables and a text, for the data kinds that read files."""
    os.makedirs(f"{root}/tiny", exist_ok=True)
    rows, columns = 6, 5
    for name, count in (("train", 60), ("t10k", 20)):
        pixels = bytes(draw.choice((0, 0, 255, draw.randrange(256))) for _ in range(count * rows * columns))
        with gzip.open(f"{root}/tiny/{name}-images-idx3-ubyte.gz", "wb") as f:
            f.write(struct.pack(">IIII", 0x803, count, rows, columns) + pixels)
        with gzip.open(f"{root}/tiny/{name}-labels-idx1-ubyte.gz", "wb") as f:
            f.write(struct.pack(">II", 0x801, count) + bytes(draw.randrange(3) for _ in range(count)))
    for alphabet in (2, 5):
        for part in ("train", "valid", "test"):
            with open(f"{root}/rows{alphabet}_{part}.csv", "w", encoding="utf-8") as f:
                for _ in range(40):
                    f.write(",".join(str(draw.randrange(alphabet)) for _ in range(12)) + "\n")
    with open(f"{root}/text.txt", "w", encoding="utf-8") as f:
        f.write("".join(draw.choice("abc d\n") for _ in range(2000)))


def data_section(rng, stage_one):
    draw = rng.draw
    kind = draw.choice(["mnist", "mnist", "table", "table", "text", "digits", "task", "task"] + ["codes"] * 3 * bool(stage_one))
    if kind == "mnist":
        return {"kind": "mnist", "root": "tiny", "binarization": draw.choice(["dynamic", "threshold", "none"]),
                "valid_limit": draw.choice([7, 20])} if draw.random() < 0.9 else {"kind": "mnist", "root": "tiny"}
    if kind == "table":
        alphabet = draw.choice([2, 5])
        data = {"kind": "table", **{p: f"rows{alphabet}_{p}.csv" for p in ("train", "valid", "test")}}
        if draw.random() < 0.5:
            data["shape"] = draw.choice([[3, 4], [4, 3], [12, 1], [1, 12], [2, 6]])
        return data
    if kind == "text":
        return {"kind": "text", "file": "text.txt", "length": draw.choice([2, 9, 30])}
    if kind == "digits":
        return {"kind": "digits", "train_limit": draw.choice([1, 9, 40]), "valid_limit": 9, "test_limit": 9}
    if kind == "codes":
        return {"kind": "codes", "from": draw.choice(stage_one)}
    task = draw.choice(["adding", "copying", "delay", "induction", "selective_copying"])
    data = {"kind": task}
    for name, field in schema(f"data.{task}")["data"]["properties"].items():
        if name == "kind":
            continue
        value = rng.value(name, field)
        # The rest of the defaults is made for training: hundreds of steps.
        if isinstance(value, (int, float)) and name not in ("train", "valid", "test"):
            data[name] = min(value, 12)
    for part in ("train", "valid", "test"):
        if part in schema(f"data.{task}")["data"]["properties"]:
            data[part] = 20
    return data


def fits(model, data):
    """Are the two made for each other, as far as a name tells? Most of the others `validate` refuses, which takes time."""
    labelled = data["kind"] in ("mnist", "digits")
    image = labelled or data["kind"] == "codes" or "shape" in data
    binary = data["kind"] == "digits" or data.get("binarization") in ("dynamic", "threshold") or "rows2" in str(data)
    kind = model["kind"]
    if data["kind"] == "digits" and kind not in ("made", "fvsbn", "nade", "eonade", "vqvae"):
        return False  # 784 steps
    if data.get("binarization") == "none" and kind == "made" and (model.get("direct") or model.get("masks", 1) > 1):
        return False  # 60 million weights for 30 pixels
    if kind in ("pixelcnn", "gated_pixelcnn", "diagonal_bilstm", "pixelsnail", "ardm", "vqvae") and not image:
        return False
    if kind == "vqvae" and data["kind"] == "codes" or kind == "nade" and not binary:
        return False
    if (kind == "sequence_classifier" or model.get("condition", "none") != "none") and not labelled:
        return False
    return model.get("order") not in ("s_curve", "hilbert") or image


def spec_of(rng, stage_one, mixable):
    """`mixable`: runs that a mixture may be of, with the data of each."""
    top = schema("model.made")
    spec = {}
    while not spec or not fits(spec["model"], spec["data"]) and rng.draw.random() < 0.98:
        spec = {"data": data_section(rng, stage_one), "model": rng.section("model", top["model"]["properties"])}
        if spec["model"]["kind"] == "augmented" and spec["data"]["kind"] in ("mnist", "digits"):
            section = schema(f"data.{spec['data']['kind']}")["data"]["properties"]["augment"]["properties"]
            spec["data"]["augment"] = rng.section("data.augment", section)
        if spec["model"]["kind"] == "mixture":
            runs = rng.draw.sample(mixable, min(len(mixable), rng.draw.randint(1, 3)))
            spec["model"] = {"kind": "mixture", "of": [run for run, _ in runs]}
            spec["data"] = runs[0][1] if runs else spec["data"]
    for name in ("optim", "schedule"):
        if rng.draw.random() < 0.6:
            spec[name] = rng.section(name, top[name]["properties"])
    # Weights of 10^6 make roundings larger than what `prove` looks for: by such a rate, or a mean square without memory.
    rule = spec.get("optim", {})
    if rng.draw.random() < 0.9:
        if "lr" in rule:
            rule["lr"] = min(rule["lr"], 0.5)
        rule.pop("betas", None)
    for name in ("train", "eval", "checkpoint", "compute"):
        spec[name] = rng.section(name, top[name]["properties"])
    if spec["eval"].get("best") == "valid/accuracy" and spec["model"]["kind"] != "sequence_classifier":
        del spec["eval"]["best"]
    spec["train"]["for"] = "1 step" if spec["model"]["kind"] == "mixture" else f"{rng.draw.randint(1, 6)} steps"
    spec["eval"].pop("samples", None)
    spec["eval"]["samples"] = rng.draw.choice([0, 0, 1, 3])
    spec["seed"] = rng.draw.choice([0, 1, rng.draw.randrange(2 ** 31), 2 ** 63 - 1])
    return spec


class Storm:
    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="mlrun-fuzz-specs.")
        os.environ.update(MLRUN_DATA_ROOT=f"{self.work}/data", MLRUN_RUN_ROOT=f"{self.work}/runs",
                          XDG_CACHE_HOME=f"{self.work}/cache", MLRUN_THREADS="2")
        os.makedirs(f"{self.work}/failed")
        make_files(f"{self.work}/data", random.Random(SEED))
        self.stage_one, self.mixable, self.failures, self.counts = [], [], 0, {}
        self.kinds = {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def fail(self, number, spec_file, what, words, result):
        code, _, err = result
        self.failures += 1
        kept = f"{self.work}/failed/{number}.yaml"
        shutil.copy(spec_file, kept)
        said = "\n    ".join(err.strip().splitlines()[-6:])
        print(f"FAILED: spec {number}: {what}\n  mlrun {' '.join(words)}\n  exit {code}\n    {said}\n  {open(kept).read()}",
              file=sys.stderr, flush=True)

    def run(self, number, spec_file, words, allowed, what):
        """True where the command did what it was there for."""
        result = mlrun(*words)
        code, _, err = result
        bad = next((word for word in FORBIDDEN if word in err), None)
        if code is None:
            self.fail(number, spec_file, f"{what} hangs", words, result)
        elif code < 0 or code not in allowed or bad:
            self.fail(number, spec_file, f"{what}: {bad or 'not one of the codes ' + str(allowed)}", words, result)
        return code == 0

    def prove(self, number, spec_file, run, wild):
        """Its limit of "parallel == step" is made for models as people train them. Norms over two channels, and weights
        of 10^6, magnify roundings: here a hundred times that limit is a failure, and none of a wild training."""
        words = ["-q", "prove", run, "--json"]
        if self.run(number, spec_file, words, (0, 1), "prove"):
            return
        result = mlrun(*words)
        if result[0] not in (0, 1):
            return  # told already
        try:
            checks = json.loads(result[1].splitlines()[-1])["checks"]
        except (IndexError, ValueError):
            return self.fail(number, spec_file, "prove: no answer", words, result)
        for check in checks:
            rounding = check["name"] == "parallel == step" and (check["figure"] <= 100 * check["limit"] or wild)
            if not check["pass"] and not rounding:
                self.fail(number, spec_file, f"prove: {check['name']}: {check['figure']}", words, result)

    def one(self, number):
        rng = Random(SEED * 1000003 + number)
        spec = spec_of(rng, self.stage_one, self.mixable)
        spec_file, run = f"{self.work}/spec.yaml", f"{self.work}/runs/r{number}"
        with open(spec_file, "w", encoding="utf-8") as f:
            f.write("\n".join(f"{key}: {yaml_of(value)}" for key, value in spec.items()) + "\n")
        self.count("specs")
        if not self.run(number, spec_file, ["-q", "validate", spec_file], (0, 2, 3), "validate"):
            return
        kind = spec["model"]["kind"]
        self.count("accepted")
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        # 4: a learning rate of 10^6 diverges, and says so.
        if not self.run(number, spec_file, ["-q", "train", spec_file, "-o", run], (0, 4), "train, which validate accepted"):
            self.count("diverged")
            return
        self.count("trained")
        self.run(number, spec_file, ["-q", "eval", run, "--which", "last"], (0,), "eval")
        out = "pairs.png" if kind == "vqvae" else rng.draw.choice(["s.txt", "s.h5", "-"])
        words = ["-q", "sample", run, "-n", "3", "-o", out if out == "-" else f"{self.work}/{out}"]
        has_law = kind != "sequence_classifier"
        self.run(number, spec_file, words, (0,) if has_law else (2,), "sample")
        if has_law and kind != "vqvae":
            rule = spec.get("optim", {})
            self.prove(number, spec_file, run, rule.get("lr", 0) > 0.5 or "betas" in rule)
        else:
            self.run(number, spec_file, ["-q", "prove", run], (2,), "prove")
        if kind == "vqvae" and len(self.stage_one) < 20:
            self.stage_one.append(run)
        elif has_law and kind != "vqvae" and len(self.mixable) < 12:
            self.mixable.append((run, spec["data"]))
        else:
            shutil.rmtree(run)

    def close(self):
        if self.failures == 0 and not os.environ.get("MLRUN_KEEP"):
            shutil.rmtree(self.work)
        else:
            print(f"kept: {self.work}", file=sys.stderr)


def main():
    print(f"seed {SEED} (repeat with MLRUN_FUZZ_SEED={SEED})", flush=True)
    storm = Storm()
    end, number = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        storm.one(number)
        number += 1
    storm.close()
    print(", ".join(f"{count} {what}" for what, count in storm.counts.items()))
    print("models: " + ", ".join(f"{kind} {count}" for kind, count in sorted(storm.kinds.items())))
    if storm.counts.get("trained", 0) == 0:
        sys.exit("fuzz_specs.sh: nothing was trained")
    if storm.failures:
        sys.exit(f"fuzz_specs.sh: {storm.failures} failures")


main()
