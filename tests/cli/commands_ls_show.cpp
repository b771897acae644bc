#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::Workplace;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// Flips one bit in the middle of a file.
void damage(const std::string& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
  stream.seekg(middle);
  const auto byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(middle);
  stream.put(byte);
}

std::string checkpoint_of(const std::string& run) { return run + "/checkpoints/step-000000003.h5"; }

}  // namespace

TEST_CASE("without a run, ls prints nothing on stdout and is content") {
  const Workplace place;
  const ProgramResult result = place.mlrun({"ls"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.empty());
  CHECK(result.err.find("no runs in") != std::string::npos);
}

TEST_CASE("ls --columns shows facts, metrics, test results and fields of specs, in full for programs") {
  const Workplace place;
  const std::string run = place.train({"--tag", "a", "--tag", "b", "train.log_every=1 steps"});
  place.train({"--seed", "2", "model.kind=nade", "model.hidden=4"});
  REQUIRE(place.mlrun({"eval", run, "-q"}).exit_code == 0);
  const std::string columns = "id,tag,seed,model.masks,valid/nll,test/nll,train/lr,step";
  ProgramResult result = place.mlrun({"ls", "--columns", columns, "--json"});
  INFO(result.err);
  REQUIRE(result.lines().size() == 2);
  const Json first = Json::parse(result.lines()[0]), second = Json::parse(result.lines()[1]);
  const Json whole = Json::parse(place.mlrun({"ls", run, "--json"}).out);
  CHECK(first.size() == 9);  // and "run"
  CHECK(first["run"] == whole["run"]);
  CHECK(first["tag"] == Json{"a", "b"});
  CHECK(first["seed"] == 1);
  CHECK(first["model.masks"] == 1);
  CHECK(first["valid/nll"] == whole["valid_nll"]);
  CHECK(first["test/nll"].get<double>() > 0);
  CHECK(first["train/lr"].get<double>() == Approx(1e-3));
  CHECK(first["step"] == 3);
  CHECK(second["tag"].empty());
  CHECK(second["model.masks"].is_null());
  CHECK(second["test/nll"].is_null());

  result = place.mlrun({"ls", "--columns", columns, "--csv"});
  REQUIRE(result.lines().size() == 3);
  CHECK(result.lines()[0] == columns);
  CHECK(result.lines()[1].find("a b,1,1," + whole["valid_nll"].dump()) != std::string::npos);
  result = place.mlrun({"ls", "--columns", "seed,model.masks", "--columns", "valid/nll", run});  // the run is no column
  REQUIRE(result.lines().size() == 2);
  CHECK(result.lines()[0] == "seed  model.masks  valid/nll");
  CHECK(place.mlrun({"ls", "--csv"}).lines().size() == 3);

  for (const auto& [name, nearest] : {std::pair("valid/nl", "valid/nll"), std::pair("optim.lrr", "optim.lr"),
                                      std::pair("train/rl", "train/lr"), std::pair("stats", "status")}) {
    result = place.mlrun({"ls", "--columns", name});
    INFO(name << result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.err.find("did you mean '" + std::string(nearest) + "'?") != std::string::npos);
  }
}

TEST_CASE("ls gives one JSON object per run and line, and selects by group, status, selector and number") {
  const Workplace place;
  const std::string first = place.train({"--group", "a", "--tag", "old"});
  const std::string second = place.train({"--group", "b", "seed=2"});
  ProgramResult result = place.mlrun({"ls", "--json", "--sort", "id"});
  REQUIRE(result.exit_code == 0);
  CHECK(result.err.empty());
  REQUIRE(result.lines().size() == 2);
  for (const std::string& line : result.lines()) {
    const Json run = Json::parse(line);
    CHECK(run["status"] == "finished");
    CHECK(run["model"] == "made");
    CHECK(run["step"] == 3);
    CHECK(run["valid_nll"].get<double>() > 0);
    CHECK(run["protocol"].get<std::string>().find("static") == 0);
  }
  const auto only = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"ls", "--json"});
    const ProgramResult listed = place.mlrun(words);
    INFO(listed.err);
    REQUIRE(listed.lines().size() == 1);
    return Json::parse(listed.out)["run"].get<std::string>();
  };
  CHECK(only({"--group", "b"}) == second);
  CHECK(only({"@group:a"}) == first);
  CHECK(only({"@tag:old"}) == first);
  CHECK(only({first}) == first);
  CHECK(only({fs::path(second).filename().string()}) == second);
  CHECK(only({first, "@group:a"}) == first);
  CHECK(place.mlrun({"ls", "tiny-", "--json"}).lines().size() == 2);
  CHECK(place.mlrun({"ls", "-n", "1", "--json"}).lines().size() == 1);
  CHECK(place.mlrun({"ls", "--status", "diverged"}).out.empty());
  result = place.mlrun({"ls", "@group:c"});
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
}

TEST_CASE("ls --sort valid/nll -n 1 is the best run, and kinds of data are ranked apart") {
  const Workplace place;
  std::vector<std::string> runs;
  for (const char* lr : {"1e-4", "1e-2", "1e-3"})
    runs.push_back(place.train({std::string("optim.lr=") + lr, "--group", "lr"}));
  const auto nll_of = [&](const std::string& run) {
    return Json::parse(place.mlrun({"ls", run, "--json"}).out)["valid_nll"].get<double>();
  };
  REQUIRE(nll_of(runs[1]) < std::min(nll_of(runs[0]), nll_of(runs[2])));
  const auto listed = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"ls", "--json"});
    std::vector<std::string> found;
    for (const std::string& line : place.mlrun(words).lines()) found.push_back(Json::parse(line)["run"]);
    return found;
  };
  CHECK(listed({"--sort", "valid/nll", "-n", "1"}) == std::vector<std::string>{runs[1]});
  CHECK(listed({"--sort", "valid/nll"}) == std::vector<std::string>{runs[1], runs[2], runs[0]});
  CHECK(listed({"-n", "1"}) == std::vector<std::string>{runs[2]});
  CHECK(listed({"-n", "2", "--sort", "id"}).size() == 2);
  CHECK(listed({"@best"}) == std::vector<std::string>{runs[1]});

  const std::string other = place.train({"data.binarization=dynamic", "--group", "other", "--tag", "odd"});
  CHECK(listed({"--sort", "valid/nll", "-n", "1"}) == std::vector<std::string>{runs[1], other});
  CHECK(mlrun::test::says(place.mlrun({"ls", "--sort", "valid/nll"}).err, "ranked in 2 parts"));
  const ProgramResult refused = place.mlrun({"show", "@best"});
  CHECK(refused.exit_code == 2);
  CHECK(mlrun::test::says(refused.err, "@group:NAME@best"));
  for (const char* best : {"@group:lr@best", "@group:lr@best:valid/nll"})
    CHECK(listed({best}) == std::vector<std::string>{runs[1]});
  CHECK(listed({"@group:lr@last"}) == std::vector<std::string>{runs[2]});
  CHECK(listed({"@tag:odd@best"}) == std::vector<std::string>{other});
  CHECK(Json::parse(place.mlrun({"show", "@group:lr@best", "--json"}).last_line())["run"] == runs[1]);
  CHECK(Json::parse(place.mlrun({"show", "@group:other", "--json"}).last_line())["run"] == other);  // it has one run
  const ProgramResult several = place.mlrun({"show", "@group:lr"});
  CHECK(several.exit_code == 2);
  CHECK(mlrun::test::says(several.err, "@group:lr@best"));
  CHECK(place.mlrun({"show", "@group:rl@best"}).exit_code == 2);
}

TEST_CASE("show tells evaluations of one split apart, and compare takes the one by default") {
  const Workplace place;
  const std::string run = place.train({"model={kind: eonade, hidden: [8], orders: 1}"});
  REQUIRE(place.mlrun({"eval", run, "--orders", "3", "-q"}).exit_code == 0);
  const double plain = Json::parse(place.mlrun({"eval", run, "--json"}).last_line())["nll"];
  const Json kept = Json::parse(place.mlrun({"show", run, "--json"}).last_line())["evaluations"];
  REQUIRE(kept.size() == 2);
  CHECK(kept[0]["components"] == 1);
  CHECK(kept[1]["components"] == 3);
  CHECK(mlrun::test::says(place.mlrun({"show", run}).out, "100 examples, a mixture of 3"));
  const Json compared = Json::parse(place.mlrun({"compare", run, "--json"}).last_line());
  CHECK(compared["test_nll"]["mean"].get<double>() == Approx(plain));
}

TEST_CASE("a journal with strange lines hides neither its run nor the others") {
  const Workplace place;
  const std::string run = place.train();
  std::ofstream(run + "/metrics.jsonl", std::ios::app)
      << "{\"kind\": 7}\n[1]\n{\"table\":\"valid\",\"nll\":\"x\"}\nnot json";
  const std::string unreadable = place.runs() + "/other";
  fs::create_directories(unreadable + "/metrics.jsonl");
  std::ofstream(unreadable + "/resolved.yaml") << "name: other\n";
  const ProgramResult result = place.mlrun({"ls", "--json"});
  CHECK(result.exit_code == 0);
  REQUIRE(result.lines().size() == 1);
  CHECK(Json::parse(result.out)["run"] == run);
  CHECK(result.err.find("other") != std::string::npos);
}

TEST_CASE("show tells of a run what scripts and people need") {
  const Workplace place;
  const std::string run = place.train({"optim.lr=0.25"});
  REQUIRE(place.mlrun({"eval", run, "-q"}).exit_code == 0);
  const ProgramResult text = place.mlrun({"show", "@last"});
  CHECK(text.exit_code == 0);
  CHECK(text.err.empty());
  for (const char* part : {"finished", "valid/nll", "test/nll", "lr 0.25", "hidden [8]", "step-000000003.h5", "sha256"})
    CHECK(text.out.find(part) != std::string::npos);
  const ProgramResult result = place.mlrun({"show", "@last", "--json"});
  const Json answer = Json::parse(result.last_line());
  CHECK(answer["run"] == run);
  CHECK(answer["spec"]["optim.lr"] == 0.25);
  CHECK(answer["spec"]["model.hidden"] == Json::array({8}));
  CHECK(answer["spec"]["train.for"] == "3 steps");
  CHECK(answer["environment"]["mlrun"].is_string());
  CHECK(answer["evaluations"][0]["split"] == "test");
  CHECK(answer["evaluations"][0]["count"] == 100);
  REQUIRE_FALSE(answer["checkpoints"].empty());
  CHECK(answer["checkpoints"].back()["bytes"] == fs::file_size(checkpoint_of(run)));
  CHECK_FALSE(answer["checkpoints"].back().contains("intact"));
}

TEST_CASE("show of a checkpoint lists its tensors with shape, axes and moments") {
  const Workplace place;
  const std::string run = place.train();
  const ProgramResult result = place.mlrun({"show", checkpoint_of(run), "--json"});
  REQUIRE(result.exit_code == 0);
  const Json answer = Json::parse(result.out);
  CHECK(answer["step"] == 3);
  bool found = false;
  for (const Json& tensor : answer["tensors"]) {
    if (tensor["path"] != "model/hidden_1/weight") continue;
    found = true;
    CHECK(tensor["shape"] == Json::array({8, 784}));
    CHECK(tensor["axes"] == "out,in");
    CHECK(tensor["bytes"] == 8 * 784 * 4);
    CHECK(tensor["sd"].get<double>() > 0);
    CHECK(tensor["not_finite"] == 0);
  }
  CHECK(found);
  CHECK(place.mlrun({"show", run, "--which", "3", "--json"}).out == result.out);
  CHECK(place.mlrun({"show", checkpoint_of(run)}).out.find("model/hidden_1/weight") != std::string::npos);
}

TEST_CASE("show --layout says how a reader elsewhere computes with the tensors, and where the weights in use are") {
  Workplace place;
  const std::string run = place.train({"model={kind: made, hidden: [8], masks: 2}", "train.average=0.9"});
  const ProgramResult text = place.mlrun({"show", run, "--layout"});
  INFO(text.out << text.err);
  REQUIRE(text.exit_code == 0);
  for (const char* part : {"512 bytes of header", "/average, moving averages of /model", "/average/hidden_*/weight",
                           "/buffers/hidden_*/degrees", "h_i = relu(hidden_i/weight @ h_{i-1} + hidden_i/bias)",
                           "p(x) is the mean over 2 components"}) {
    INFO(part);
    CHECK(mlrun::test::says(text.out, part));
  }
  const Json answer = Json::parse(place.mlrun({"show", run, "--layout", "--json"}).out);
  CHECK(answer.at("header_bytes") == 512);
  REQUIRE(answer.at("models").size() == 1);
  const Json& model = answer.at("models").at(0);
  CHECK(model.at("kind") == "made");
  CHECK(model.at("averaged") == true);
  for (const Json& tensor : model.at("tensors")) {
    INFO(tensor.dump());
    CHECK(tensor.at("in_file") == true);
    CHECK_FALSE(tensor.at("meaning").get<std::string>().empty());
  }
  const std::string file = answer.at("checkpoint").get<std::string>();
  CHECK(place.mlrun({"show", file, "--layout"}).out == text.out);
}

TEST_CASE("a run whose name is not UTF-8 has JSON like any other") {
  const Workplace place;
  const std::string run = place.train({"-o", "r\xff"});
  for (const std::vector<std::string>& words : {std::vector<std::string>{"ls", run, "--json"},
                                                {"show", run, "--json"},
                                                {"show", run, "--which", "last", "--json"},
                                                {"eval", run, "--json"},
                                                {"prove", run, "--json"},
                                                {"sample", run, "-n", "1", "-o", run + ".png", "--json"},
                                                {"train", run, "--resume", run, "--json"},
                                                {"compare", run, run, "--json"}}) {
    const ProgramResult result = place.mlrun(words);
    INFO(words[0] << ": " << result.err);
    CHECK(result.exit_code == 0);
    CHECK(mlrun::test::says(result.last_line(), "\xEF\xBF\xBD"));  // U+FFFD, in place of the byte
  }
}

TEST_CASE("show --verify finds the one damaged checkpoint and exits with 7") {
  const Workplace place;
  const std::string run = place.train();
  CHECK(place.mlrun({"show", run, "--verify"}).exit_code == 0);
  damage(checkpoint_of(run));
  const ProgramResult result = place.mlrun({"show", run, "--verify", "--json"});
  CHECK(result.exit_code == 7);
  CHECK(result.err.find("step-000000003.h5") != std::string::npos);
  int damaged = 0;
  const Json answer = Json::parse(result.out);
  for (const Json& file : answer["checkpoints"]) damaged += file["intact"] == false;
  CHECK(damaged == 1);
  CHECK(answer["checkpoints"].back()["intact"] == false);
  CHECK(place.mlrun({"show", run}).exit_code == 0);  // without asking, nothing is read
  CHECK(place.mlrun({"show", checkpoint_of(run)}).exit_code == 7);
}

TEST_CASE("show --spec prints a spec that trains to the same fingerprint") {
  const Workplace place;
  const std::string run = place.train();
  const ProgramResult result = place.mlrun({"show", run, "--spec"});
  place.put("again.yaml", result.out);
  CHECK(place.mlrun({"show", checkpoint_of(run), "--spec"}).out == result.out);
  const ProgramResult again = place.mlrun({"train", "again.yaml", "--if-needed", "-q"});
  CHECK(again.exit_code == 0);
  CHECK(again.last_line() == run);
}
