#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "experiment_spec.hpp"

using namespace mlrun::config;
using Catch::Contains;

namespace {

const FieldRecord& field(const Document& document, const std::string& path) {
  for (const FieldRecord& record : document.declared())
    if (record.path == path) return record;
  throw std::runtime_error("no field " + path);
}

}  // namespace

TEST_CASE("extends merges maps, replaces lists, and keeps the origin of every value") {
  const Folder folder;
  folder.write("base.yaml", "seed: 7\nmodel: {kind: made, hidden: [1, 2], masks: 3}\ntags: [a, b]\n");
  folder.write("more/middle.yaml", "extends: ../base.yaml\noptim: {lr: 0.5}\n");
  const std::string path = folder.write("more/top.yaml", "extends: middle.yaml\nmodel:\n  hidden: [9]\ntags: [c]\n");
  Diagnostics diagnostics;
  Document document =
      Document::load(path, {"optim.lr=0.25", "train.for=3 epochs"}, diagnostics, {"argument 4", "--for"});
  const Experiment spec(document.root());
  CHECK(diagnostics.report() == "");
  CHECK(spec.seed == 7);
  CHECK(spec.tags == std::vector<std::string>{"c"});
  CHECK(field(document, "model.hidden").value == "[9]");
  CHECK(field(document, "model.masks").value == "3");
  CHECK(field(document, "model.hidden").origin.print() == path + ":3:11");
  CHECK(field(document, "model.masks").origin.print() == folder.file("base.yaml") + ":2:44");
  CHECK(field(document, "optim.lr").origin.print() == "argument 4");
  CHECK(field(document, "train.for").origin.print() == "--for");
  CHECK(field(document, "train.shuffle").origin.print() == "default");
  CHECK(spec.lr == 0.25);
}

TEST_CASE("a mistake in the extended file is shown in that file, before those of the extending one when read later") {
  const Folder folder;
  folder.write("base.yaml", "seed: x\n");
  const std::string path = folder.write("top.yaml", "extends: base.yaml\nmodel: {kind: made, maks: 1}\n");
  Diagnostics diagnostics;
  Experiment(Document::load(path, {}, diagnostics).root());
  const std::string report = diagnostics.report();
  CHECK_THAT(report, Contains(folder.file("base.yaml") + ":1:7: error: seed") && Contains("    1 | seed: x\n"));
  CHECK(report.find("unknown key 'maks'") < report.find("base.yaml:1:7"));
}

TEST_CASE("extends that loops, goes too deep, or names no file is refused at its place") {
  const Folder folder;
  const auto report = [&](const std::string& path) {
    Diagnostics diagnostics;
    Experiment(Document::load(path, {}, diagnostics).root());
    CHECK(diagnostics.count() == 1);
    return diagnostics.report();
  };
  const std::string loop = folder.write("loop.yaml", "extends: ./loop.yaml\n");
  CHECK_THAT(report(loop), Contains("loop.yaml:1:10: error:") && Contains("extends itself"));
  folder.write("a.yaml", "extends: b.yaml\n");
  folder.write("b.yaml", "extends: a.yaml\n");
  CHECK_THAT(report(folder.file("a.yaml")), Contains("b.yaml:1:10: error:") && Contains("extends itself"));
  for (int i = 0; i < 20; ++i) folder.write(fmt::format("c{}.yaml", i), fmt::format("extends: c{}.yaml\n", i + 1));
  CHECK_THAT(report(folder.file("c0.yaml")), Contains("extends more than 8 deep"));
  const std::string lost = folder.write("lost.yaml", "model: {kind: made}\nextends: bsae.yaml\n");
  CHECK_THAT(report(lost), Contains("lost.yaml:2:10: error:") && Contains("cannot be read: No such file"));
  const std::string list = folder.write("list.yaml", "model: {kind: made}\nextends: [a.yaml]\n");
  CHECK_THAT(report(list), Contains("list.yaml:2:10: error: extends: expected the name of a file, found a list"));
  CHECK_THAT(report_on("extends: a.yaml\nmodel: {kind: made}\n"), Contains("extends works in a file of its own only"));
}

TEST_CASE("an override's value takes the type of its field") {
  const auto read = [](const std::vector<std::string>& overrides) {
    Diagnostics diagnostics;
    Document document = Document::from_text("model: {kind: made}\n", "spec.yaml", overrides, diagnostics);
    const Experiment spec(document.root());
    CHECK(diagnostics.report() == "");
    return document;
  };
  CHECK(field(read({"optim.lr=1"}), "optim.lr").value == "1");
  CHECK(field(read({"train.batch_size=1e3"}), "train.batch_size").value == "1000");
  CHECK(field(read({"model.hidden=500,600"}), "model.hidden").value == "[500, 600]");
  CHECK(field(read({"model.hidden=[500, 600]"}), "model.hidden").value == "[500, 600]");
  CHECK(field(read({"model.hidden=500"}), "model.hidden").value == "[500]");
  CHECK(field(read({"model={kind: made, masks: 5}"}), "model.masks").value == "5");
  CHECK(field(read({"model.kind=nade", "model.hidden=4"}), "model.hidden").value == "4");
  CHECK(field(read({"name=a, b"}), "name").value == "\"a, b\"");
  CHECK(field(read({"name=a=b: c # d"}), "name").value == "\"a=b: c # d\"");
  CHECK(field(read({"name=null"}), "name").value == "\"null\"");
  CHECK(field(read({"name='x,y'"}), "name").value == "\"x,y\"");
  CHECK(field(read({"seed=1", "seed=2"}), "seed").value == "2");
  CHECK(field(read({"train.clip_norm=2", "train.clip_norm=none"}), "train.clip_norm").value == "none");
  CHECK(field(read({"note=\"none\""}), "note").value == "\"none\"");
}

TEST_CASE("an override that cannot be applied is refused with its argument") {
  const auto report = [](const std::string& override) {
    return report_on("model: {kind: made, hidden: [3]}\n", {override});
  };
  CHECK_THAT(report("seed"), Contains("argument 1: error: 'seed': expected key=value"));
  CHECK_THAT(report("=3"), Contains("expected key=value"));
  CHECK_THAT(report("a..b=3"), Contains("expected key=value"));
  CHECK_THAT(report("model.hidden.x=3"), Contains("'model.hidden' is not a section but a list (spec.yaml:1:29)"));
  CHECK_THAT(report("extends=a.yaml"), Contains("belongs into a file"));
  CHECK_THAT(report("model.hidden=[3"), Contains("argument 1: error: 'model.hidden=[3': this bracket is not closed"));
  CHECK_THAT(report("model.hidden=&a [*a]"), Contains("argument 1: error"));
  CHECK_THAT(report("model.hidden=[*a]"), Contains("anchors and aliases"));
  CHECK_THAT(report("name=\"abc"), Contains("this quote is not closed"));
  CHECK_THAT(report("name=a\x01"), Contains("control character 0x01"));
  CHECK_THAT(report("optim={lr: 1, foo: 2}"), Contains("unknown key 'foo' in optim (kind: adam)"));
  CHECK_THAT(report("optim.deep.deeper=1"), Contains("no section 'deep' in optim (kind: adam)"));
  CHECK_THAT(report("model=3"), Contains("model: expected a section"));
  CHECK_THAT(report("seed.x=3"), Contains("seed: expected an integer of at least 0, found a map"));
}
