// The JSON Schema of specs, held to what a real validator says of every spec of the project and of twenty wrong ones.
#include <fstream>
#include <sstream>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;

TEST_CASE("a validator of JSON Schema takes every spec of the project, and refuses twenty wrong ones") {
  const Workplace place;
  const ProgramResult schema = place.mlrun({"config", "schema", "--json"});
  REQUIRE(schema.exit_code == 0);
  place.put("schema.json", schema.out);
  place.put("check.py", R"(
import glob, json, sys
try:
    import jsonschema, yaml
except ImportError as missing:
    sys.exit(f'needs the packages python3-jsonschema and python3-yaml: {missing}')
schema = json.load(open('schema.json'))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
specs = sorted(glob.glob(sys.argv[1] + '/configs/*.yaml'))
assert len(specs) >= 30, specs
for path in specs:
    errors = list(validator.iter_errors(yaml.safe_load(open(path))))
    assert not errors, (path, errors[0].message, list(errors[0].absolute_path))
base = "data: {kind: digits}\nmodel: {kind: made}\n"
wrong = [
    "data: {kind: digits}\n",
    "model: {kind: made}\n",
    "data: {kind: digit}\nmodel: {kind: made}\n",
    "data: {kind: digits}\nmodel: {kind: mad}\n",
    "data: {kind: digits}\nmodel: {hidden: [5]}\n",
    "data: {kind: digits, file: a.txt}\nmodel: {kind: made}\n",
    "data: {kind: digits, train_limit: 0}\nmodel: {kind: made}\n",
    "data: {kind: digits}\nmodel: {kind: made, hiden: [5]}\n",
    "data: {kind: digits}\nmodel: {kind: made, hidden: many}\n",
    "data: {kind: digits}\nmodel: {kind: made, hidden: [0]}\n",
    "data: {kind: digits}\nmodel: {kind: nade, masks: 3}\n",
    "data: {kind: digits}\nmodel: {kind: sequence, mixer: {kind: s4d, heads: 3}}\n",
    "data: {kind: digits}\nmodel: {kind: sequence, mixer: {kind: s9}}\n",
    "data: {kind: digits}\nmodel: {kind: vqvae, quantizer: {kind: fsq, decay: 0.9}}\n",
    "data: {kind: digits}\nmodel: {kind: vqvae, quantizer: {kind: residual, of: {kind: ema, coeds: 3}}}\n",
    base + "optim: {kind: adam, lr: fast}\n",
    base + "optim: {kind: adam, lr: -1}\n",
    base + "optim: {kind: sgd, betas: [0.9, 0.99]}\n",
    base + "train: {for: 20 parsecs}\n",
    base + "train: {batch_size: 1.5}\n",
    base + "eval: {best: train/nll}\n",
    base + "seeed: 1\n",
]
assert len(wrong) >= 20
for text in wrong:
    assert list(validator.iter_errors(yaml.safe_load(text))), text
for text in (base + "optim: {kind: adam, lr: 1e-3}\n", base + "train: {for: 1e3 steps, batch_size: 1_000}\n",
             "extends: base.yaml\nmodel: {hidden: 5}\n", base + "compute: {lanes: auto}\n",
             "data: {kind: digits}\nmodel: {kind: vqvae, quantizer: {kind: residual, of: {kind: ema, codes: 3}}}\n"):
    errors = list(validator.iter_errors(yaml.safe_load(text)))
    assert not errors, (text, errors[0].message)
)");
  const ProgramResult checked = place.run({"/usr/bin/python3", "check.py", Workplace::source()});
  INFO(checked.err);
  CHECK(checked.exit_code == 0);
  std::ifstream kept(Workplace::source() + "/configs/mlrun.schema.json");
  std::ostringstream text;
  text << kept.rdbuf();
  INFO("configs/mlrun.schema.json is another one; remedy: mlrun config schema --json > configs/mlrun.schema.json");
  const bool same = text.str() == schema.out;  // a check of the texts would print them
  CHECK(same);
}

TEST_CASE("a schema that names a path is of a spec with those kinds, and config init points editors to the other") {
  const Workplace place;
  CHECK(says(place.mlrun({"config", "schema", "model.nade", "--json"}).out, "\"properties\""));
  CHECK(place.mlrun({"config", "schema", "model.nadd", "--json"}).exit_code == 2);
  CHECK(place.mlrun({"config", "init"}).lines()[0] == "# yaml-language-server: $schema=mlrun.schema.json");
}
