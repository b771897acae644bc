// What is written on runs after the fact, conditions on them, and what may go.
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
