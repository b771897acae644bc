// train, eval, sample, validate, config and data, as a user types them.
#include <cstdint>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("ten mistakes in one spec are reported in one go, each with place and remedy") {
  Workplace place;
  place.put("bad.yaml",
            "name: bad name\n"
            "seed: one\n"
            "data: {kind: digits, binarisation: static}\n"
            "model:\n"
            "  kind: made\n"
            "  hiden: [500]\n"
            "  masks: 0\n"
            "  order: spiral\n"
            "optim: {kind: adamm}\n"
            "schedule: {kind: cosine, warmup: 5}\n"
            "train: {for: 3 eons, batch_size: 010}\n");
  const ProgramResult r = place.mlrun({"train", "bad.yaml", "trian.batch_size=64"});
  CHECK(r.exit_code == 2);
  CHECK(r.out.empty());
  for (const char* part :
       {"bad.yaml:1:7: error: name", "bad.yaml:2:7: error: seed: expected an integer",
        "bad.yaml:3:22: error: unknown key 'binarisation'", "did you mean 'binarization'?",
        "bad.yaml:6:3: error: unknown key 'hiden'", "did you mean 'hidden'?", "bad.yaml:7:10: error: model.masks",
        "bad.yaml:8:10: error: model.order: expected one of raster, s_curve, hilbert, random",
        "bad.yaml:9:15: error: optim.kind: unknown kind 'adamm'", "did you mean 'adam'?",
        "bad.yaml:10:34: error: schedule.warmup", "bad.yaml:11:14: error: train.for", "leading zero",
        "argument 2: error: 'trian.batch_size=64'", "did you mean 'train.batch_size'?", "nothing was started"}) {
    INFO(r.err);
    CHECK(says(r.err, part));
  }
  CHECK(std::filesystem::is_empty(place.runs()));
}

TEST_CASE("a run is trained, evaluated and sampled, and stdout holds the answers only") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult trained = place.mlrun({"train", "tiny.yaml"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  REQUIRE(trained.lines().size() == 1);
  const std::string run = trained.lines()[0];
  CHECK(std::filesystem::exists(run + "/run.h5"));
  CHECK_FALSE(says(trained.err, "\r"));

  const ProgramResult evaluated = place.mlrun({"eval", "@last", "--json"});
  REQUIRE(evaluated.exit_code == 0);
  const Json answer = Json::parse(evaluated.last_line());
  for (const char* key :
       {"run", "checkpoint", "split", "protocol", "count", "nll", "nll_se", "bpd", "bound", "seconds"}) {
    INFO(key);
    CHECK(answer.contains(key));
  }
  CHECK(answer["count"] == 100);
  CHECK(answer["nll"].get<double>() / (784 * 0.6931471805599453) == Approx(answer["bpd"].get<double>()));

  CHECK(place.mlrun({"sample", "@last", "--grid", "2x3", "-o", "s.png"}).exit_code == 0);
  CHECK(place.get("s.png").substr(1, 3) == "PNG");
  CHECK(place.mlrun({"sample", "@last", "-n", "5", "-o", "a.h5"}).exit_code == 0);
  CHECK(place.mlrun({"sample", "@last", "-n", "5", "-o", "b.h5", "--threads", "1", "--batch", "2"}).exit_code == 0);
  CHECK(place.get("a.h5") == place.get("b.h5"));
  const ProgramResult text = place.mlrun({"sample", "@last", "-n", "2", "-o", "-"});
  CHECK(text.lines().size() == 2);
  CHECK(text.lines()[0].size() == 2 * 784 - 1);
  const ProgramResult shown = place.mlrun({"sample", "@last", "-n", "1", "--show"});
  CHECK(shown.lines().size() >= 7);
}

TEST_CASE("a checkpoint alone, without run and data, can be sampled") {
  Workplace place;
  const std::string run = place.train();
  std::filesystem::rename(run + "/checkpoints/step-000000003.h5", place.path("alone.h5"));
  std::filesystem::remove_all(run);
  CHECK(place.mlrun({"sample", "alone.h5", "-n", "1", "-o", "-"}).exit_code == 0);
  CHECK(place.mlrun({"eval", "alone.h5"}).exit_code == 0);
}

TEST_CASE("every user mistake has its exit code and one clear message") {
  Workplace place;
  const std::string run = place.train();
  place.put("notes.txt", "hello");
  struct Mistake {
    std::vector<std::string> words;
    int code;
    std::string part;
  };
  const std::vector<Mistake> mistakes = {
      {{"trian"}, 2, "did you mean 'train'"},
      {{"train"}, 2, "train needs a spec"},
      {{"train", "nothere.yaml"}, 2, "nothere.yaml"},
      {{"train", "tiny.yaml", "--progress", "fancy"}, 2, "fancy"},
      {{"train", "tiny.yaml", "--threads", "many"}, 2, "expected a number"},
      {{"train", "tiny.yaml", "--stop-after", "3 eons"}, 2, "2000 steps"},
      {{"train", "tiny.yaml", "-o", run}, 6, "exists already"},
      {{"train", "--resume", "nosuch"}, 2, "no run 'nosuch'"},
      {{"eval", "nosuch"}, 2, "no run 'nosuch'"},
      {{"eval", "@last", "--split", "testt"}, 2, "testt"},
      {{"eval", "@last", "--which", "99"}, 2, "no checkpoint '99'"},
      {{"eval", "@last", "model.hidden=3"}, 2, "data.* and eval.* only"},
      {{"eval", "notes.txt"}, 7, "not a checkpoint"},
      {{"sample", "@last", "--grid", "8"}, 2, "ROWSxCOLUMNS"},
      {{"sample", "@last", "-o", "x.gif"}, 2, ".png"},
      {{"sample", "@last", "-o", "/nowhere/x.png"}, 5, "/nowhere"},
      {{"sample", "@last", "--temperature", "-1"}, 2, "temperature"},
      {{"config", "schema", "model.mad"}, 2, "did you mean 'model.made'"},
      {{"config", "init", "mad"}, 2, "mad"},
      {{"validate", "tiny.yaml", "model.hidden=0"}, 2, "model.hidden"},
  };
  for (const Mistake& m : mistakes) {
    const ProgramResult r = place.mlrun(m.words);
    INFO("mlrun " << m.words[0] << " " << (m.words.size() > 1 ? m.words[1] : "") << "\n" << r.err);
    CHECK(r.exit_code == m.code);
    CHECK(says(r.err, m.part));
    CHECK(says(r.err, "error"));
    CHECK_FALSE(says(r.err, "terminate"));
    CHECK_FALSE(says(r.err, "internal"));
  }
}

TEST_CASE("missing data are answered with where they come from and with what works offline") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r = place.mlrun({"train", "tiny.yaml", "data.kind=mnist"});
  INFO(r.err);
  CHECK(r.exit_code == 3);
  CHECK(says(r.err, "scripts/fetch_data.sh"));
  CHECK(says(r.err, "data.kind=digits"));
  CHECK(std::filesystem::is_empty(place.runs()));
}

TEST_CASE("a table with a 7 among its bits, or ragged rows, names the line") {
  Workplace place;
  place.put("data/seven.csv", "0,1,0\n1,7,0\n");
  place.put("data/ragged.csv", "0,1,0\n1,0\n");
  place.put("data/good.csv", "0,1,0\n1,1,0\n1,1,1\n0,0,1\n");
  const auto spec = [](const std::string& file) {
    return "data: {kind: table, train: " + file +
           ", valid: good.csv, test: good.csv, alphabet: 2}\nmodel: {kind: made, hidden: [4]}\n"
           "train: {for: 2 steps, batch_size: 2}\n";
  };
  for (const std::string name : {"seven", "ragged", "good"}) {
    place.put(name + ".yaml", spec(name + ".csv"));
    const ProgramResult r = place.mlrun({"train", name + ".yaml", "-q"});
    INFO(name << "\n" << r.err);
    CHECK(r.exit_code == (name == "good" ? 0 : 3));
    if (name != "good") CHECK(says(r.err, name + ".csv:2"));
  }
  CHECK(place.mlrun({"sample", "@last", "-n", "3", "-o", "-"}).lines().size() == 3);
  const ProgramResult picture = place.mlrun({"sample", "@last", "-o", "x.png"});
  CHECK(picture.exit_code == 2);
  CHECK(says(picture.err, "not images"));
}

TEST_CASE("a damaged or foreign checkpoint is refused with exit code 7") {
  Workplace place;
  const std::string run = place.train(), file = run + "/checkpoints/step-000000003.h5";
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    bytes = text.str();
  }
  for (const size_t at : {size_t{9}, size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    place.put("damaged.h5", damaged);
    const ProgramResult r = place.mlrun({"eval", "damaged.h5"});
    INFO(at << "\n" << r.err);
    CHECK(r.exit_code == 7);
    CHECK(says(r.err, "damaged.h5"));
  }
  place.put("short.h5", bytes.substr(0, bytes.size() - 1));
  CHECK(place.mlrun({"sample", "short.h5"}).exit_code == 7);
}

TEST_CASE("stopping on purpose is exit code 75, and resuming finishes the run") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult stopped = place.mlrun({"train", "tiny.yaml", "--stop-after", "2 steps", "-q"});
  CHECK(stopped.exit_code == 75);
  const std::string run = stopped.last_line();
  const ProgramResult resumed = place.mlrun({"train", "--resume", run, "-q"});
  INFO(resumed.err);
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.last_line() == run);
  const ProgramResult again = place.mlrun({"train", "tiny.yaml", "--if-needed", "-q"});
  CHECK(again.exit_code == 0);
  CHECK(again.last_line() == run);
}

TEST_CASE("weights of a checkpoint are the start of another run with --from") {
  Workplace place;
  const std::string run = place.train();
  const ProgramResult other = place.mlrun({"train", "tiny.yaml", "--from", run, "optim.lr=0", "-q"});
  INFO(other.err);
  REQUIRE(other.exit_code == 0);
  const Json before = Json::parse(place.mlrun({"eval", run, "--json"}).last_line());
  const Json after = Json::parse(place.mlrun({"eval", other.last_line(), "--json"}).last_line());
  CHECK(before["nll"] == after["nll"]);
}

TEST_CASE("config init is a spec that validates, and config show is a fixed point") {
  Workplace place;
  for (const std::string model : {"made", "nade", "fvsbn"}) {
    const ProgramResult init = place.mlrun({"config", "init", model});
    REQUIRE(init.exit_code == 0);
    place.put("init.yaml", init.out);
    INFO(init.out);
    CHECK(place.mlrun({"validate", "init.yaml", "--spec-only"}).exit_code == 0);
    const ProgramResult once = place.mlrun({"config", "show", "init.yaml"});
    place.put("once.yaml", once.out);
    CHECK(place.mlrun({"config", "show", "once.yaml"}).out == once.out);
  }
  CHECK(Json::parse(place.mlrun({"config", "schema", "--json"}).out).contains("properties"));
}

TEST_CASE("help and version answer on stdout with exit code 0") {
  Workplace place;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--help"}, {"train", "--help"}, {"eval", "-h"}, {"help", "sample"}, {"--version"}}) {
    const ProgramResult r = place.mlrun(words);
    CHECK(r.exit_code == 0);
    CHECK(says(r.out, "mlrun"));
    CHECK(r.err.empty());
  }
}

TEST_CASE("a dry run says what a training costs and writes nothing") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  const ProgramResult r = place.mlrun({"train", "tiny.yaml", "--dry-run", "--json"});
  INFO(r.err);
  CHECK(r.exit_code == 0);
  CHECK(Json::parse(r.last_line())["parameters"].get<int64_t>() > 10000);
  CHECK(std::filesystem::is_empty(place.runs()));
}
