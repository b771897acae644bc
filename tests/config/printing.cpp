#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "catch.hpp"
#include "experiment_spec.hpp"

using namespace mlrun::config;
using Catch::Contains;

namespace {

Fields fields_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Diagnostics diagnostics;
  Document document = Document::from_text(text, "configs/made.yaml", overrides, diagnostics);
  Experiment(document.root());
  REQUIRE(diagnostics.report() == "");
  return document.declared();
}

Fields described(const std::vector<std::string>& overrides) {
  Document document = Document::empty(overrides);
  Experiment(document.root());
  CHECK(document.diagnostics().count() == 0);
  return document.declared();
}

}  // namespace

TEST_CASE("the resolved spec has every field in declared order, with the place each came from") {
  const Fields fields =
      fields_of("model:\n  kind: made\n  hidden: [5e2]\ntrain:\n  for: 1 epochs\n", {"optim.lr=0.001"});
  CHECK(resolved_yaml(fields, true) ==
        "name: \"{model.kind}-s{seed}\"  # default\n"
        "seed: 1                       # default\n"
        "model:\n"
        "  kind: made                  # configs/made.yaml:2\n"
        "  hidden: [500]               # configs/made.yaml:3\n"
        "  masks: 1                    # default\n"
        "  order: raster               # default\n"
        "  activation: relu            # default\n"
        "optim:\n"
        "  kind: adam                  # default\n"
        "  lr: 0.001                   # argument 1\n"
        "  betas: [0.9, 0.999]         # default\n"
        "train:\n"
        "  for: 1 epoch                # configs/made.yaml:5\n"
        "  warmup: 0 steps             # default\n"
        "  batch_size: 100             # default\n"
        "  clip_norm: none             # default\n"
        "  shuffle: true               # default\n"
        "compute:\n"
        "  lanes: auto                 # default\n"
        "  threads: auto               # default\n"
        "tags: []                      # default\n"
        "note: none                    # default\n");
}

TEST_CASE("reading the resolved spec again changes nothing, whatever the values are") {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"optim.lr=1.0000000000000002", "optim.betas=1e-300,0.30000000000000004", "seed=9223372036854775807"},
      {"name=\"\\x01\\\"\\\\ \\n\\t 'x' # y: z\"", "note=\"none\"", "train.for=0.1 min"},
      {"name=- a", "note=? b", "tags=a,yes,null,~,1,010,.inf,a b"},
      {"name=\"[a]\"", "note=\"{b: c}\"",
       "tags=[\"&a\", '*b', '!c', '%d', '@e', '`', '|', '>', \"ä \u2028\", '...', '---']"},
      {"train.clip_norm=1e22", "train.warmup=1e9 steps", "compute.lanes=3", "tags=[',']"},
      {"model.kind=nade", "model.hidden=12"}};
  for (const auto& overrides : cases) {
    const Fields first = fields_of("model: {kind: made}\n", overrides);
    const std::string text = resolved_yaml(first);
    const Fields again = fields_of(text);
    CHECK(resolved_yaml(again) == text);
    CHECK(canonical_text(again) == canonical_text(first));
    CHECK(differences(first, again).empty());
    CHECK(canonical_text(fields_of(resolved_yaml(first, true))) == canonical_text(first));
  }
}

TEST_CASE("the canonical text depends on values only, and leaves out what the caller excludes") {
  const std::string plain = canonical_text(fields_of("model: {kind: made}\n"));
  CHECK(canonical_text(fields_of("optim: {lr: 0.1e-2}\nmodel:\n  hidden: 5_00\n  kind: 'made'\nseed: 1e0\n")) == plain);
  CHECK(canonical_text(fields_of("model: {kind: made}\nseed: 2\n")) != plain);
  const std::vector<std::string> excluded = {"name", "tags", "compute.threads"};
  CHECK(canonical_text(fields_of("model: {kind: made}\nname: x\ntags: [y]\n", {"compute.threads=2"}), excluded) ==
        canonical_text(fields_of("model: {kind: made}\n"), excluded));
  CHECK_THAT(canonical_text(fields_of("model: {kind: made}\n"), {"model"}),
             !Contains("model.kind:") && Contains("name: "));
}

TEST_CASE("the schema lists type, range, default and help, and needs no spec") {
  const std::string text = schema_text(described({"model.kind=made"}), "model");
  CHECK_THAT(text,
             Contains("model:") && Contains("# what to train") && Contains("kind: made") &&
                 Contains("# nade  Neural autoregressive distribution estimator") &&
                 Contains("a list of 1 to 8 integers from 1 to 65536; default [500]. units of each hidden layer") &&
                 !Contains("optim"));
  CHECK_THAT(schema_text(described({"model.kind=nade"})), Contains("hidden: ...") && Contains("; required. units"));
  CHECK_THAT(schema_text(described({})), Contains("kind: ...") && Contains("lanes: auto"));
  CHECK(schema_text(described({}), "modle").empty());
  CHECK_THAT(schema_text(described({}), "optim.lr"), Contains("lr: 0.001") && !Contains("betas"));
}

TEST_CASE("the JSON Schema has the same fields") {
  const nlohmann::ordered_json schema = json_schema(described({"model.kind=made"}));
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["properties"].contains("extends"));
  const auto& optim = schema["properties"]["optim"]["properties"];
  CHECK(optim["lr"]["type"] == "number");
  CHECK(optim["lr"]["exclusiveMinimum"] == 0);
  CHECK(optim["lr"]["default"] == 0.001);
  CHECK(schema["properties"]["model"]["properties"]["kind"]["enum"] == nlohmann::ordered_json({"made", "nade"}));
  CHECK(schema["properties"]["compute"]["properties"]["lanes"]["anyOf"][1]["const"] == "auto");
  CHECK(schema["properties"]["train"]["properties"]["shuffle"]["default"] == true);
}

TEST_CASE("in the JSON Schema of a file a number may be what one version of YAML takes for a text") {
  const auto fields = described({});
  const auto lr = std::find_if(fields.begin(), fields.end(), [](const auto& f) { return f.path == "optim.lr"; });
  REQUIRE(lr != fields.end());
  const auto any = json_schema_of(*lr)["anyOf"];
  CHECK(any[0]["exclusiveMinimum"] == 0);
  const std::regex text(any[1]["pattern"].get<std::string>());
  for (const char* good : {"1e-3", "10_000", "1.5E+3", "-2"}) CHECK(std::regex_match(good, text));
  for (const char* bad : {"", "abc", "1e", "0x10", "1 000", "e5"}) CHECK_FALSE(std::regex_match(bad, text));
}

TEST_CASE("two specs differ in the fields whose values differ") {
  const auto found =
      differences(fields_of("model: {kind: made}\nseed: 1\n"), fields_of("model: {kind: nade, hidden: 3}\nseed: 2\n"));
  std::string text;
  for (const Difference& d : found) text += d.path + " " + d.left + " -> " + d.right + "\n";
  CHECK(text ==
        "seed 1 -> 2\nmodel.kind made -> nade\nmodel.hidden [500] -> 3\nmodel.masks 1 -> \nmodel.order raster -> \n"
        "model.activation relu -> \n");
}

TEST_CASE("an unknown kind asked of the schema is a mistake") {
  Document document = Document::empty({"model.kind=mdae", "optim.rl=1"});
  Experiment(document.root());
  CHECK_THAT(document.diagnostics().report(), Contains("did you mean 'made'?") && Contains("no field 'rl' in optim"));
}
