// What is written on runs after the fact, conditions on them, what may go, what others read, and watching.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("tags, notes, groups and names come to a run after the fact, once each") {
  const Workplace place;
  const std::string run = place.train({"--group", "a", "--tag", "old"});
  CHECK(place.mlrun({"tag", "@last", "-t", "new", "-t", "old", "--group", "b"}).exit_code == 0);
  CHECK(place.mlrun({"note", "@last", "a remark, with words"}).exit_code == 0);
  CHECK(place.mlrun({"rename", "@last", "better"}).exit_code == 0);
  const Json summary = Json::parse(place.mlrun({"ls", "--json"}).last_line());
  CHECK(summary["tags"] == Json({"old", "new"}));
  CHECK(summary["groups"] == Json({"a", "b"}));
  CHECK(summary["notes"] == Json({"a remark, with words"}));
  CHECK(summary["name"] == "better");
  CHECK(summary["status"] == "finished");
  CHECK(says(place.mlrun({"show", "@last"}).out, "a remark, with words"));
  CHECK(place.mlrun({"ls", "@tag:new", "--json"}).lines().size() == 1);
  const ProgramResult again = place.mlrun({"tag", "@last", "-t", "new"});
  CHECK(again.exit_code == 0);
  CHECK(says(again.err, "has that already"));
  for (const char* bad : {"two words", "@x", "a,b"}) CHECK(place.mlrun({"tag", "@last", "-t", bad}).exit_code == 2);
  CHECK(place.mlrun({"tag", "@last"}).exit_code == 2);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"tag", "@last", "-t", "\xff"}, {"note", "@last", "caf\xe9"}, {"rename", "@last", "\xff"}})
    CHECK(says(place.mlrun(words).err, "expected UTF-8"));
  // A run goes on with what was written on it.
  REQUIRE(place.mlrun({"train", "--resume", run, "train.for=6 steps", "-q"}).exit_code == 0);
  const Json after = Json::parse(place.mlrun({"ls", "--json"}).last_line());
  CHECK(after["notes"].size() == 1);
  CHECK(after["name"] == "better");
  REQUIRE(place.mlrun({"train", "--resume", run, "train.for=7 steps", "--name", "best", "-q"}).exit_code == 0);
  CHECK(Json::parse(place.mlrun({"ls", "--json"}).last_line())["name"] == "best");
}

TEST_CASE(
    "what could not be typed as @group:NAME or @tag:NAME is refused wherever it is given, and an old run keeps it") {
  Workplace place;
  const std::string run = place.train({"--group", "a"});
  place.put("spaced.yaml", Workplace::tiny_spec() + "group: my runs\n");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"train", "tiny.yaml", "-q", "--group", "my runs"},
           {"train", "tiny.yaml", "-q", "--group", "a@best"},
           {"train", "tiny.yaml", "-q", "--tag", "two words"},
           {"train", "tiny.yaml", "-q", "group=-x"},
           {"train", "tiny.yaml", "-q", "--group", "a,b", "--dry-run"},
           {"train", "--resume", run, "train.for=6 steps", "-q", "--group", "my runs"},
           {"train", "spaced.yaml", "-q"},
           {"validate", "spaced.yaml"},
           {"tag", "@last", "--group", "my runs"}}) {
    const ProgramResult refused = place.mlrun(words);
    INFO(words[0] << " " << words[1] << ": " << refused.err);
    CHECK(refused.exit_code == 2);
    CHECK(says(refused.err, "one word without blanks, commas and @"));
  }
  CHECK(says(place.mlrun({"validate", "spaced.yaml"}).err, "spaced.yaml:6"));
  CHECK(place.mlrun({"ls", "--json"}).lines().size() == 1);
  // As an older version would have let it be.
  std::string spec = place.get(fs::relative(run + "/resolved.yaml", place.path()).string());
  spec.replace(spec.find("group: a"), 8, "group: my runs");
  std::ofstream(run + "/resolved.yaml") << spec;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"train", "--resume", run, "train.for=8 steps", "-q"},
                                             {"validate", run},
                                             {"compare", run, "--sort", "created"}}) {
    const ProgramResult read = place.mlrun(words);
    INFO(words[0] << ": " << read.err);
    CHECK(read.exit_code == 0);
  }
}

TEST_CASE("no control character of a note, a tag, a name, a path or a legend reaches the terminal") {
  const Workplace place;
  const std::string run = place.train({"eval.every=1 steps"});
  const std::string nasty =
      "red \x1b[31m bell \a back \b c1 \xc2\x9b"
      "2J end";
  REQUIRE(place.mlrun({"note", "@last", nasty}).exit_code == 0);
  REQUIRE(place.mlrun({"note", "@last", "two\nlines\tand a tab"}).exit_code == 0);
  for (const char* word : {"t\x1b[2J", "u\x7f"}) {  // from elsewhere, as in a journal that came with a run
    std::ofstream(run + "/metrics.jsonl", std::ios::app)
        << Json{{"kind", "label"}, {"tags", {word}}, {"group", word}, {"name", word}}.dump() << "\n";
  }
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"show", "@last"},
           {"ls"},
           {"watch", "@last"},
           {"compare", "@last"},
           {"plot", "@last", "@last", "--line", "5=a\x1b[31mb", "--title", "x\x1b[2J"},
           {"plot", "@last", "--line", "5=a\x1b[31mb"},
           {"ls", "@tag:x\x1b[2J"},
           {"eval", "no\x1b[2Jrun"},
           {"ls", "--no\x1b[2J"},
           {"no\x1b[2J"},
           {"show", "@last", "@last", "x\x1b[2J"},
           {"train", "no\x1b[2Jsuch.yaml"},
           {"rename", "@last", "\x1b[2J"},
           {"tag", "@last", "-t", "t\x1b[2J"}}) {
    const ProgramResult r = place.mlrun(words);
    INFO(words[0] << ": " << r.out << r.err);
    CHECK_FALSE(says(r.out + r.err, "\x1b"));
    CHECK_FALSE(says(r.out + r.err, "\xc2\x9b"));
    CHECK_FALSE(says(r.out + r.err, "\a"));
  }
  const std::string shown = place.mlrun({"show", "@last"}).out;
  CHECK(says(shown, "red \\x1b[31m bell \\x07 back \\x08 c1 \\x9b2J end"));
  CHECK(says(shown, "two\\nlines\\tand a tab"));
  const Json summary = Json::parse(place.mlrun({"ls", "--json"}).last_line());  // a program reads it as it was written
  CHECK(summary["notes"][0] == nasty);
}

TEST_CASE("a run that is named twice, once through a link, is one run") {
  const Workplace place;
  const std::string run = place.train();
  fs::create_directory_symlink(run, place.path("link"));
  CHECK(place.mlrun({"ls", run, place.path("link"), "@last", "--json"}).lines().size() == 1);
}

TEST_CASE("--where chooses runs by facts and by fields of their specs, and names what it does not know") {
  const Workplace place;
  for (const char* lr : {"1e-4", "1e-2"}) place.train({std::string("optim.lr=") + lr, "--tag", std::string("lr") + lr});
  const auto count = [&](const std::vector<std::string>& conditions) {
    std::vector<std::string> words = {"ls", "--json"};
    for (const std::string& c : conditions) words.insert(words.end(), {"--where", c});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.lines().size();
  };
  CHECK(count({"valid/nll < 1e6"}) == 2);
  CHECK(count({"optim.lr >= 1e-3"}) == 1);
  CHECK(count({"optim.lr=0.01"}) == 1);
  CHECK(count({"optim.lr != 0.01", "status = finished"}) == 1);
  CHECK(count({"tag = lr1e-4"}) == 1);
  CHECK(count({"model.kind = made", "id ~ tiny"}) == 2);
  CHECK(count({"step > 3"}) == 0);
  for (const auto& [condition, part] :
       {std::pair("valid/nl < 3", "did you mean 'valid/nll'?"), std::pair("optim.lrr < 3", "did you mean 'optim.lr'?"),
        std::pair("status < 3", ""), std::pair("model < big", "no number"), std::pair("nothing", "FIELD OP VALUE"),
        std::pair("step", "FIELD OP VALUE")}) {
    const ProgramResult result = place.mlrun({"ls", "--where", condition});
    INFO(condition << result.err);
    if (*part) CHECK(result.exit_code == 2);
    CHECK(says(result.err, part));
  }
}

TEST_CASE("rm and gc say what they would remove, and remove it with --yes") {
  const Workplace place;
  const std::string run = place.train({"train.for=6 steps", "eval.every=1 steps", "checkpoint.keep=5"});
  const std::string kept = place.train({"--seed", "2"});
  const auto checkpoints = [&] {
    return std::distance(fs::directory_iterator(run + "/checkpoints"), fs::directory_iterator());
  };
  const auto before = checkpoints();
  REQUIRE(before > 2);
  std::ofstream(run + "/metrics.jsonl.123-0123abcd.tmp") << "half";
  fs::create_directories(place.runs() + "/never/checkpoints");
  std::ofstream(place.runs() + "/never/.lock");
  fs::create_directories(place.runs() + "/somebodys");
  const ProgramResult dry = place.mlrun({"gc"});
  INFO(dry.out << dry.err);
  CHECK(dry.exit_code == 0);
  CHECK(says(dry.out, "killed writer"));
  CHECK(says(dry.out, "neither best nor last"));
  CHECK(says(dry.out, "never began"));
  CHECK_FALSE(says(dry.out, "somebodys"));
  CHECK(checkpoints() == before);
  REQUIRE(place.mlrun({"gc", "--yes"}).exit_code == 0);
  CHECK(checkpoints() <= 2);
  CHECK_FALSE(fs::exists(place.runs() + "/never"));
  CHECK(fs::exists(place.runs() + "/somebodys"));
  CHECK(says(place.mlrun({"gc"}).err, "nothing to remove"));
  CHECK(place.mlrun({"eval", run, "-q"}).exit_code == 0);
  CHECK(place.mlrun({"train", "--resume", run, "train.for=8 steps", "-q"}).exit_code == 0);

  CHECK(place.mlrun({"rm", "tiny", "--where", "seed = 1"}).exit_code == 0);
  CHECK(fs::exists(run));
  CHECK(place.mlrun({"rm", "tiny", "--where", "seed = 1", "--yes"}).exit_code == 0);
  CHECK_FALSE(fs::exists(run));
  CHECK(fs::exists(kept));
  CHECK(place.mlrun({"rm", "nosuch"}).exit_code == 2);
  // What is being trained is refused, and stays.
  const auto held = place.start({"flock", kept + "/.lock", "sh", "-c", "echo host:1 > '" + kept + "/.lock'; sleep 20"});
  for (int i = 0; i < 200 && fs::file_size(kept + "/.lock") == 0; ++i) ::usleep(20'000);
  const ProgramResult locked = place.mlrun({"rm", kept, "--yes"});
  ::kill(held.pid, SIGKILL);
  CHECK(locked.exit_code == 6);
  CHECK(fs::exists(kept + "/resolved.yaml"));
  place.shell("fuser -k '" + kept + "/.lock' 2>/dev/null");
  place.wait(held);
}

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

TEST_CASE("compare writes CSV with every number alone, and LaTeX that TeX does not stumble over") {
  const Workplace place;
  for (const char* seed : {"1", "2"}) place.train({"--seed", seed, "--group", "g"});
  const ProgramResult csv = place.mlrun({"compare", "@group:g", "--group-by", "seed", "--csv"});
  REQUIRE(csv.lines().size() == 2);
  CHECK(says(csv.lines()[0], "valid_nll,valid_nll_sd"));
  CHECK(says(csv.lines()[1], "\"static (the program's draw), first"));
  const ProgramResult latex = place.mlrun({"compare", "@group:g", "--latex"});
  CHECK(says(latex.out, "\\begin{tabular}{"));
  CHECK(says(latex.out, "\\toprule"));
  CHECK(place.mlrun({"compare", "@group:g", "--csv", "--latex"}).exit_code == 2);
}

TEST_CASE("watch tells of a run from its files alone, whatever becomes of it") {
  const Workplace place;
  const std::string run = place.train({"eval.every=1 steps"});
  const ProgramResult once = place.mlrun({"watch", "@last", "--samples"});
  INFO(once.out << once.err);
  REQUIRE(once.exit_code == 0);
  CHECK(says(once.out, "finished"));
  CHECK(says(once.out, "100%"));
  CHECK(says(once.out, "step 3/3"));
  CHECK(says(once.out, "\xe2\x96"));  // a sparkline
  for (const std::string& line : once.lines())
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; }) < 80);
  const Json answer = Json::parse(place.mlrun({"watch", "--json"}).last_line());
  CHECK(answer["status"] == "finished");
  CHECK(answer["trouble"].is_null());
  fs::remove(run + "/metrics.jsonl");
  const ProgramResult gone = place.mlrun({"watch", run});
  CHECK(gone.exit_code == 0);
  CHECK(says(gone.out, "no journal yet"));
  CHECK(place.mlrun({"watch", "nosuch"}).exit_code == 2);
}

TEST_CASE("grid takes ranges, zipped fields and random draws, and checks them all before it prints") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const auto overrides = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"grid", "tiny.yaml", "--json"});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    std::vector<std::vector<std::string>> all;
    for (const std::string& line : result.lines()) all.push_back(Json::parse(line)["overrides"]);
    return all;
  };
  CHECK(overrides({"seed=1..3"}) == std::vector<std::vector<std::string>>{{"seed=1"}, {"seed=2"}, {"seed=3"}});
  CHECK(overrides({"optim.lr=1e-4..1e-2:log3"}) ==
        std::vector<std::vector<std::string>>{{"optim.lr=1e-4"}, {"optim.lr=0.001"}, {"optim.lr=0.01"}});
  CHECK(overrides({"model.hidden=10..50:3"}) ==
        std::vector<std::vector<std::string>>{{"model.hidden=10"}, {"model.hidden=30"}, {"model.hidden=50"}});
  CHECK(
      overrides({"optim.lr=1e-3,1e-2", "model.hidden=4,8", "--zip"}) ==
      std::vector<std::vector<std::string>>{{"optim.lr=1e-3", "model.hidden=4"}, {"optim.lr=1e-2", "model.hidden=8"}});
  const auto drawn = overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "3"});
  REQUIRE(drawn.size() == 6);
  CHECK(overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "3"}) == drawn);
  const auto fewer = overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "4", "--seed", "3"});
  CHECK(std::equal(fewer.begin(), fewer.end(), drawn.begin()));
  CHECK(overrides({"optim.lr=1e-4..1e-2:log", "model.hidden=4..64", "--random", "6", "--seed", "4"}) != drawn);
  for (const auto& line : drawn) {
    const double lr = std::stod(line[0].substr(9));
    CHECK(lr >= 1e-4);
    CHECK(lr <= 1e-2);
    const int hidden = std::stoi(line[1].substr(13));
    CHECK(hidden >= 4);
    CHECK(hidden <= 64);
  }
  CHECK(overrides({"optim.lr=1e-3,1e-2", "--random", "2", "--seeds", "2"}).size() == 4);
  const auto refused = [&](std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), {"grid", "tiny.yaml"});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(says(result.err, part));
  };
  refused({"optim.lr=1e-4..1e-2"}, "does not say how many");
  refused({"optim.lr=5..2:3"}, "not below");
  refused({"optim.lr=0..2:log3"}, "above 0");
  refused({"optim.lr=1..x:3"}, "no number");
  refused({"optim.lr=1e-3,1e-2", "model.hidden=4,8,16", "--zip"}, "2 values");
  refused({"optim.lr=1e-3,1e-2", "--random", "5"}, "only 2 different");
  refused({"optim.lr=1e-3", "--seed", "5"}, "--random");
  refused({"optim.lr=-5..-1:3"}, "optim.lr");
}
