// Another kind in place of one that a spec has, and keys taken back to their defaults.
#include "catch.hpp"

#include "experiment_spec.hpp"

using namespace mlrun::config;
using Catch::Contains;
using Words = std::vector<std::string>;

namespace {

constexpr const char* kMade = "model: {kind: made, hidden: [500, 300], masks: 2, order: random}\n";

struct ReadSpec {
  std::string report;
  Words notes;
  std::string resolved;
};

ReadSpec read(const std::string& text, const Words& overrides) {
  Diagnostics diagnostics;
  const Document document = Document::from_text(text, "spec.yaml", overrides, diagnostics);
  const Experiment spec(document.root());
  return {diagnostics.report(), document.notes(), resolved_yaml(document.declared())};
}

}  // namespace

TEST_CASE("another kind by override drops what the old kind had, and says so in one line") {
  const ReadSpec r = read(kMade, {"model.kind=nade", "model.hidden=9"});
  CHECK(r.report == "");
  REQUIRE(r.notes.size() == 1);
  CHECK(r.notes[0] == "model.kind=nade (argument 1) instead of made drops masks, order");
  CHECK_THAT(r.resolved, Contains("kind: nade") && Contains("hidden: 9") && !Contains("masks"));
}

TEST_CASE("a value that the new kind's field cannot have is dropped; one that it can have is kept") {
  const ReadSpec kept = read("model: {kind: made, hidden: 40}\n", {"model.kind=nade"});
  CHECK(kept.report == "");
  CHECK(kept.notes.empty());
  CHECK_THAT(kept.resolved, Contains("hidden: 40"));
  const ReadSpec dropped = read("model: {kind: nade, hidden: 7}\n", {"model.hidden=[1, 2]", "model.kind=made"});
  CHECK(dropped.report == "");
  CHECK_THAT(dropped.resolved, Contains("hidden: [1, 2]"));
  // nade.hidden is required: without a value that fits it is missing, and the list is not blamed.
  const ReadSpec missing = read(kMade, {"model.kind=nade"});
  CHECK_THAT(missing.report, Contains("missing key 'hidden'") && !Contains("found a list") && Contains("1 error"));
}

TEST_CASE("what is given for the new kind itself is judged as ever") {
  CHECK_THAT(read(kMade, {"model.kind=nade", "model.hidden=9", "model.masks=3"}).report,
             Contains("model.masks=3") && Contains("no field 'masks'"));
  // The last argument wins: before the kind it was meant for another one.
  const ReadSpec before = read(kMade, {"model.masks=3", "model.kind=nade", "model.hidden=9"});
  CHECK(before.report == "");
  CHECK(before.notes.size() == 1);
  CHECK_THAT(read(kMade, {"model.kind=nade", "model.hidden=many"}).report, Contains("expected an integer"));
  CHECK_THAT(read(kMade, {"model.kind=made", "model.hiden=3"}).report, Contains("did you mean"));
  CHECK(read(kMade, {"model.kind=made"}).notes.empty());
}

TEST_CASE("another kind in a file that extends one drops as an override does") {
  const Folder folder;
  folder.write("base.yaml", kMade);
  const std::string path = folder.write("top.yaml", "extends: base.yaml\nmodel: {kind: nade, hidden: 3}\n");
  Diagnostics diagnostics;
  const Document document = Document::load(path, {}, diagnostics);
  const Experiment spec(document.root());
  CHECK(diagnostics.report() == "");
  REQUIRE(document.notes().size() == 1);
  CHECK(document.notes()[0] == "model.kind=nade (" + path + ":2) instead of made drops masks, order");
  const std::string wrong =
      folder.write("wrong.yaml", "extends: base.yaml\nmodel: {kind: nade, hidden: 3, masks: 1}\n");
  Diagnostics more;
  Experiment(Document::load(wrong, {}, more).root());
  CHECK_THAT(more.report(), Contains("unknown key 'masks'"));
}

TEST_CASE("`default` takes a key, or a section, back to its default; quoted it is a text") {
  const std::string text = std::string(kMade) + "seed: 9\noptim: {kind: sgd, lr: 0.5}\nnote: default\n";
  const ReadSpec r = read(text, {"model.masks=default", "optim.lr=default", "seed=default"});
  CHECK(r.report == "");
  CHECK_THAT(r.resolved, Contains("masks: 1") && Contains("lr: 0.001") && Contains("seed: 1") &&
                             Contains("kind: sgd") && Contains("note: none") && Contains("hidden: [500, 300]"));
  CHECK_THAT(read(text, {"optim=default"}).resolved, Contains("kind: adam"));
  CHECK_THAT(read(text, {"optim=default", "optim.lr=2"}).resolved, Contains("kind: adam") && Contains("lr: 2"));
  CHECK_THAT(read(text, {"name=\"default\""}).resolved, Contains("name: \"default\""));
  // The printed text reads back as the text.
  const std::string again = read(read(text, {"name=\"default\""}).resolved, {}).resolved;
  CHECK_THAT(again, Contains("name: \"default\""));
  CHECK_THAT(read(kMade, {"model.hiden=default"}).report, Contains("did you mean"));
  CHECK_THAT(read(kMade, {"model.kind=default"}).report, Contains("missing key 'kind'"));
}

TEST_CASE("a value that is wrong by itself keeps checks across fields silent") {
  Diagnostics diagnostics;
  Reader root =
      Document::from_text("a: {low: x, high: 1}\nb: {low: 3, high: 1}\n", "spec.yaml", {}, diagnostics).root();
  for (const char* name : {"a", "b"}) {
    Reader section = root.section(name);
    const int64_t low = section.integer("low", {.fallback = 5}), high = section.integer("high", {.fallback = 9});
    if (low > high) section.mistake("low", "above high");
  }
  root.finish();
  CHECK_THAT(diagnostics.report(),
             Contains("a.low: expected an integer") && Contains("above high") && Contains("2 errors"));
}
