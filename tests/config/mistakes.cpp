#include <algorithm>
#include <string>

#include "catch.hpp"
#include "experiment_spec.hpp"

using namespace mlrun;
using namespace mlrun::config;
using Catch::Contains;

TEST_CASE("an unknown key and an unknown argument are shown as the manual promises") {
  Diagnostics diagnostics;
  const std::string text = "model:\n  kind: made\n  hiden: [500]\n";
  Document document =
      Document::from_text(text, "configs/made.yaml", {"trian.batch_size=64"}, diagnostics, {"argument 3"});
  Experiment(document.root());
  CHECK(diagnostics.report() ==
        "configs/made.yaml:3:3: error: unknown key 'hiden' in model (kind: made)\n"
        "    3 |   hiden: [500]\n"
        "      |   ^~~~~ did you mean 'hidden'?  known: hidden, masks, order, activation\n"
        "argument 3: error: 'trian.batch_size=64': no section 'trian'; did you mean 'train.batch_size'?\n"
        "2 errors; nothing was started.   See: mlrun config schema model.made");
  try {
    diagnostics.throw_if_any();
    FAIL("nothing was thrown");
  } catch (const SpecError& error) {
    CHECK(error.code() == ExitCode::kUsage);
    CHECK(error.what() == diagnostics.report());
  }
}

TEST_CASE("ten mistakes in one spec are reported at once, in order, each with place and remedy") {
  const std::string report = report_on(
      "naem: x\n"                                           // 1
      "seed: -1\n"                                          // 2
      "model: {kind: made, hidden: [5OO], order: rastr}\n"  // 3
      "optim:\n"                                            // 4
      "  kind: adm\n"                                       // 5
      "  lr: \"1e-3\"\n"                                    // 6
      "train:\n"                                            // 7
      "  for: 500\n"                                        // 8
      "  warmup: 1.5 steps\n"                               // 9
      "  shuffle: yes\n"                                    // 10
      "  batch_size: 0\n",                                  // 11
      {"compute.lanes=atuo", "train.warmpu=3"});
  size_t position = 0;
  for (const char* part :
       {"spec.yaml:1:1: error: unknown key 'naem' in the spec", "did you mean 'name'?",
        "spec.yaml:2:7: error: seed: expected an integer of at least 0, found '-1'",
        "spec.yaml:3:30: error: model.hidden: expected an integer from 1 to 65536, found '5OO'",
        "spec.yaml:3:43: error: model.order: expected one of raster, random, found 'rastr'", "did you mean 'raster'?",
        "spec.yaml:5:9: error: optim.kind: unknown kind 'adm'", "did you mean 'adam'?  known: adam, sgd",
        "spec.yaml:6:7: error: optim.lr: expected a number greater than 0, found the quoted text '1e-3'",
        "^~~~~~ remove the quotes", "spec.yaml:8:8: error: train.for: expected a period", "give the unit: 500 steps",
        "spec.yaml:9:11: error: train.warmup: expected a period, 'N steps' or 'N epochs', found '1.5 steps'",
        "spec.yaml:10:12: error: train.shuffle: expected true or false, found 'yes'", "write true",
        "spec.yaml:11:15: error: train.batch_size: expected an integer from 1 to 1048576, found '0'",
        "argument 1: error: 'compute.lanes=atuo': compute.lanes: expected an integer from 1 to 256 or 'auto'",
        "argument 2: error: 'train.warmpu=3': no field 'warmpu' in train; did you mean 'train.warmup'?",
        "12 errors; nothing was started."}) {
    INFO(part << "\nin\n" << report);
    const size_t place = report.find(part, position);
    REQUIRE(place != std::string::npos);
    position = place;
  }
}

TEST_CASE("a value of the wrong shape says what stands there") {
  const std::string model = "model: {kind: made}\n";
  CHECK_THAT(report_on(model + "optim: fast\n"), Contains("optim: expected a section (keys and values), found 'fast'"));
  CHECK_THAT(report_on(model + "optim: [1]\n"), Contains("found a list"));
  CHECK_THAT(report_on(model + "seed: [1]\n"), Contains("found a list"));
  CHECK_THAT(report_on(model + "seed: {a: 1}\n"), Contains("found a map"));
  CHECK_THAT(report_on(model + "seed:\nname: x\n"),
             Contains("spec.yaml:2:1: error: seed: expected") && Contains("found nothing"));
  CHECK_THAT(report_on(model + "name: null\n"), Contains("found 'null'"));
  CHECK_THAT(report_on(model + "optim: {betas: [0.9]}\n"),
             Contains("expected a list of 2 numbers") && Contains("found 1 of them"));
  CHECK_THAT(report_on(model + "optim: {betas: [0.9, 1]}\n"),
             Contains("optim.betas[1]: expected a number of at least 0 and less than 1"));
  CHECK_THAT(report_on("model: {kind: made, hidden: []}\n"), Contains("expected a list of 1 to 8 integers"));
  CHECK_THAT(report_on("model: {kind: made, hidden: '500,500'}\n"), Contains("found the quoted text"));
}

TEST_CASE("a missing key is named with what it must be, once") {
  CHECK_THAT(report_on("seed: 1\n"),
             Contains("spec.yaml: error: missing key 'kind' in model; add kind: one of made, nade") &&
                 Contains("1 error; nothing was started."));
  const std::string report = report_on("model:\n  kind: nade\n");
  CHECK_THAT(report, Contains("spec.yaml:1:1: error: missing key 'hidden' in model (kind: nade)"));
  CHECK_THAT(report, Contains("add hidden: an integer from 1 to 65536"));
}

TEST_CASE("a section of unknown kind is not also blamed for its keys") {
  const std::string report = report_on("model: {kind: mdae, hidden: 3, foo: 4}\n", {"model.bar=1"});
  CHECK_THAT(report, Contains("unknown kind 'mdae'") && Contains("1 error;"));
}

TEST_CASE("a key of another section is recognised") {
  CHECK_THAT(report_on("model: {kind: made}\nbatch_size: 3\n"), Contains("did you mean 'train.batch_size'?"));
  CHECK_THAT(report_on("model: {kind: made}\n", {"lr=3"}),
             Contains("argument 1: error: 'lr=3': no field 'lr'; did you mean 'optim.lr'?"));
}

TEST_CASE("a file that cannot be read is the only mistake") {
  const Folder folder;
  folder.write("made.yaml", "model: {kind: made}\n");
  Diagnostics diagnostics;
  Experiment(Document::load(folder.file("mdae.yaml"), {}, diagnostics).root());
  CHECK(diagnostics.count() == 1);
  CHECK_THAT(diagnostics.report(), Contains("mdae.yaml: error: cannot be read: No such file") &&
                                       Contains("did you mean '" + folder.file("made.yaml") + "'?"));
  Diagnostics of_folder;
  Experiment(Document::load(folder.file(""), {}, of_folder).root());
  CHECK_THAT(of_folder.report(), Contains("it is a directory"));
}

TEST_CASE("a caller's own check is shown at the value, or at the section when the value is the default") {
  Diagnostics diagnostics;
  Document document = Document::from_text("train:\n  batch_size: 7\n", "spec.yaml", {}, diagnostics);
  Reader train = document.root().section("train");
  train.integer("batch_size", {.fallback = 100});
  train.integer("steps", {.fallback = 5});
  train.mistake("batch_size", "batch_size must be a multiple of lanes", "use 8");
  train.mistake("steps", "too few");
  CHECK_THAT(diagnostics.report(), Contains("spec.yaml:2:15: error: batch_size must be a multiple of lanes\n") &&
                                       Contains("spec.yaml:1:1: error: train.steps (by default): too few"));
}

TEST_CASE("the caret stands under the value in characters, also in a long line") {
  const std::string report = report_on("model: {kind: made}\nnote: \"häß\"\ntags: [\"äöü\", [1]]\n");
  CHECK_THAT(report, Contains("spec.yaml:3:15: error: tags[1]"));
  CHECK_THAT(report, Contains("    3 | tags: [\"äöü\", [1]]\n      |               ^~~\n"));
  std::string text = "model: {kind: made, hidden: [";
  for (int i = 0; i < 5; ++i) text += "11111111111111111111, ";
  text += "bad, ";
  for (int i = 0; i < 1; ++i) text += "11111111111111111111, 2";
  const std::string windowed = report_on(text + "]}\n");
  for (size_t begin = 0; begin < windowed.size();) {
    const size_t end = std::min(windowed.find('\n', begin), windowed.size());
    const std::string line = windowed.substr(begin, end - begin);
    const size_t caret = line.find("^~~");
    if (line.substr(0, 7) == "      |" && caret != std::string::npos) CHECK(line.size() < 130);
    begin = end + 1;
  }
  CHECK_THAT(windowed, Contains("...") && Contains("found 'bad'"));
}
