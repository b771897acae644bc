#include <string>

#include "base/random.hpp"
#include "catch.hpp"
#include "experiment_spec.hpp"

using namespace mlrun;
using namespace mlrun::config;

namespace {

const std::string kSample =
    "# a spec\nname: made\nseed: 1\nmodel:\n  kind: made\n  hidden: [500, 500]\n  order: 'raster'\noptim: {kind: adam, "
    "lr: 1e-3}\n"
    "train:\n  for: 50 epochs\n  clip_norm: 1.0\n  shuffle: true\ntags:\n  - \"a b\"\n  - c\ncompute: {lanes: 2}\n";

// A few random edits: bytes replaced, inserted, removed, pieces doubled or swapped in, mostly of what YAML cares about.
std::string mutated(const std::string& sample, const RandomStream& random) {
  static const std::vector<std::string> pieces = {
      ":",  ": ",   "- ",  "? ",       "[",    "]",   "{",   "}",       ",",    "\"",  "'",
      "&a", "*a",   "!",   "!!",       "!<",   "|",   ">",   "%",       "@",    "`",   "#",
      "\n", "\n\n", "\t",  " ",        "  ",   "---", "...", "\n---\n", "<<: ", "~",   "null",
      "\\", "\r\n", "\\x", "\xC3\xA4", "\xFF", "0",   "e",   "010",     "|-\n", ">2\n"};
  std::string text = sample;
  uint64_t counter = 0;
  const auto below = [&](size_t bound) { return static_cast<size_t>(random.below(counter++, bound)); };
  const size_t edits = 1 + below(6);
  for (size_t i = 0; i < edits; ++i) {
    const size_t place = below(text.size() + 1);
    switch (below(4)) {
      case 0:
        text.insert(place, pieces[below(pieces.size())]);
        break;
      case 1:
        text.erase(place, 1 + below(8));
        break;
      case 2:
        text.insert(place, text.substr(below(text.size() + 1), below(20)));
        break;
      default:
        if (place < text.size()) text[place] = static_cast<char>(below(256));
    }
  }
  return text;
}

}  // namespace

TEST_CASE("no mutation of a spec does worse than be refused with a report") {
  REQUIRE(report_on(kSample) == "");
  const RandomStream random(1, "mutations of a spec");
  int refused = 0;
  for (uint64_t i = 0; i < 4000; ++i) {
    const std::string text = mutated(kSample, random.at(i));
    INFO(text);
    Diagnostics diagnostics;
    Document document = Document::from_text(text, "spec.yaml", {}, diagnostics);
    Experiment(document.root());
    if (diagnostics.count() > 0) {
      ++refused;
      CHECK_THROWS_AS(diagnostics.throw_if_any(), SpecError);
      continue;
    }
    const std::string resolved = resolved_yaml(document.declared());
    Diagnostics again;
    Document second = Document::from_text(resolved, "resolved.yaml", {}, again);
    Experiment(second.root());
    CHECK(again.report() == "");
    CHECK(resolved_yaml(second.declared()) == resolved);
  }
  CHECK(refused > 1000);
  CHECK(refused < 4000);
}

TEST_CASE("no mutation of an argument does worse than be refused with a report") {
  const RandomStream random(2, "mutations of an argument");
  const std::vector<std::string> samples = {"optim.lr=1e-3", "model.hidden=[500, 500]", "model={kind: made, masks: 3}",
                                            "train.for=\"3 epochs\"", "tags=a,b,c"};
  for (uint64_t i = 0; i < 2000; ++i) {
    const std::string text = mutated(samples[i % samples.size()], random.at(i));
    INFO(text);
    CHECK_NOTHROW(report_on(kSample, {text}));
  }
}
