// What `mlrun export` writes, as others read it.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("export writes weights and metrics that other programs read, and says what it cannot write") {
  const Workplace place;
  const std::string run = place.train({"train.average=0.9", "train.log_every=1 steps"});
  const ProgramResult result = place.mlrun(
      {"export", "@last", "-o", "w.npz", "-o", "w.safetensors", "-o", "m.csv", "-o", "m.jsonl", "-o", "tb/"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(result.lines().size() == 5);
  CHECK(says(result.err, "averaged"));
  REQUIRE(place.mlrun({"export", "@last", "--raw", "-o", "raw.npz"}).exit_code == 0);
  CHECK(place.get("raw.npz") != place.get("w.npz"));
  place.put("check.py", R"(
import csv, glob, h5py, json, numpy, struct, sys
run = sys.argv[1]
best = h5py.File(sorted(glob.glob(run + '/checkpoints/*.h5'))[-1])
w, raw = numpy.load('w.npz'), numpy.load('raw.npz')
assert (w['hidden_1.weight'] == best['average/hidden_1/weight'][:]).all()
assert (raw['hidden_1.weight'] == best['model/hidden_1/weight'][:]).all()
text = open('w.safetensors', 'rb').read()
length = struct.unpack('<Q', text[:8])[0]
header = json.loads(text[8:8 + length])
begin, end = header['hidden_1.weight']['data_offsets']
values = numpy.frombuffer(text[8 + length:][begin:end], '<f4').reshape(header['hidden_1.weight']['shape'])
assert (values == w['hidden_1.weight']).all()
assert json.loads(header['__metadata__']['axes'])['hidden_1.weight'] == 'out,in'
rows = list(csv.DictReader(open('m.csv')))
journal = [json.loads(line) for line in open(run + '/metrics.jsonl')]
valid = [r for r in journal if r.get('table') == 'valid']
assert [float(r['nll']) for r in rows if r['table'] == 'valid'] == [r['nll'] for r in valid]
lines = [json.loads(line) for line in open('m.jsonl')]
assert len(lines) == len(rows) and lines[0]['table'] == 'train' and lines[0]['step'] == 1
)");
  const ProgramResult checked = place.run({"/usr/bin/python3", "check.py", run});
  INFO(checked.err);
  CHECK(checked.exit_code == 0);
  CHECK(says(place.get("tb/" + fs::path(run).filename().string() + "/events.out.tfevents.mlrun"), "valid/nll"));
  for (const auto& [name, part] : {std::pair("w.bin", ".safetensors or .npz"), std::pair("w.pt", ".csv or .jsonl")}) {
    const ProgramResult refused = place.mlrun({"export", "@last", "-o", name});
    CHECK(refused.exit_code == 2);
    CHECK(says(refused.err, part));
  }
  place.train({"--seed", "2"});
  CHECK(place.mlrun({"export", "tiny", "-o", "w.npz"}).exit_code == 2);
}

TEST_CASE("a forward pass in NumPy over exported weights gives the NLL that eval gives") {
  const Workplace place;
  std::string rows;
  for (int row = 0; row < 64; ++row)
    for (int column = 0; column < 12; ++column) {
      rows += ((row * 7 + column * column * 5 + row * column) % 11) < 5 ? "1" : "0";
      rows += column == 11 ? "\n" : ",";
    }
  place.put("data/rows.csv", rows);
  place.put("made.yaml",
            "data: {kind: table, train: rows.csv, valid: rows.csv, test: rows.csv}\n"
            "model: {kind: made, hidden: [20, 10], direct: true, order: random}\n"
            "train: {for: 30 steps, batch_size: 16}\n");
  const ProgramResult trained = place.mlrun({"train", "made.yaml", "-q"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  const double nll = Json::parse(place.mlrun({"eval", "@last", "--json"}).last_line())["nll"];
  REQUIRE(place.mlrun({"export", "@last", "-o", "made.npz"}).exit_code == 0);
  place.put("forward.py", R"(
import numpy
w = numpy.load('made.npz')
x = numpy.loadtxt('data/rows.csv', delimiter=',')[:, w['buffers.order']]
h = x
for layer in ('hidden_1', 'hidden_2'):
    h = numpy.maximum(0, h @ w[layer + '.weight'].T + w[layer + '.bias'])
logits = h @ w['output.weight'].T + w['output.bias'] + x @ w['direct.weight'].T
print((numpy.logaddexp(0, logits) - x * logits).sum(1).mean())
)");
  const ProgramResult forward = place.run({"/usr/bin/python3", "forward.py"});
  INFO(forward.err);
  REQUIRE(forward.exit_code == 0);
  CHECK(std::stod(forward.out) == Approx(nll).epsilon(1e-5));
}
