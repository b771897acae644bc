#include <algorithm>

#include "cli/parse/split_line.hpp"
#include "cli/run_program.hpp"

using mlrun::cli::split_line;
using mlrun::test::ProgramResult;
using mlrun::test::Workplace;

namespace {

// What a Tab after `line` gives in bash, which cuts the line into words itself; here they are given.
std::vector<std::string> tab(const Workplace& place, const std::string& line) {
  place.put("tab.sh",
            "source <(mlrun completion bash)\n"
            "complete -p mlrun >/dev/null || exit 9\n"
            "COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(mlrun) COMP_CWORD=1\n"
            "_mlrun mlrun '' ''\n"
            "[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"\n");
  const ProgramResult result = place.run({"bash", "tab.sh", line});
  INFO(line << "\n" << result.err);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  return result.lines();
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("bash completes commands, options and their values") {
  const Workplace place;
  CHECK(has(tab(place, "mlrun "), "train"));
  CHECK_FALSE(has(tab(place, "mlrun "), "__complete"));
  CHECK(tab(place, "mlrun tra") == Words{"train"});
  CHECK(tab(place, "mlrun train x.yaml --prog") == Words{"--progress"});
  CHECK(tab(place, "mlrun train x.yaml --progress ") == Words{"auto", "bar", "lines", "none"});
  CHECK(tab(place, "mlrun eval x --which b") == Words{"best"});
  CHECK(tab(place, "mlrun config sc") == Words{"schema"});
  CHECK(tab(place, "mlrun train --seed ").empty());  // then bash offers files, as for any command
}

TEST_CASE("bash completes YAML files, then the fields of that spec, then their values") {
  const Workplace place;
  std::filesystem::create_directory(place.path("configs"));
  place.put("configs/nade.yaml", "data: {kind: digits}\nmodel: {kind: nade}\n");
  place.put("configs/notes.txt", "");
  CHECK(tab(place, "mlrun train co") == Words{"configs/"});
  CHECK(tab(place, "mlrun train configs/") == Words{"configs/nade.yaml"});
  CHECK(tab(place, "mlrun -C configs validate na") == Words{"nade.yaml"});
  const Words fields = tab(place, "mlrun train configs/nade.yaml model.");
  CHECK(has(fields, "model.hidden="));
  CHECK_FALSE(has(fields, "model.masks="));  // of made
  CHECK(has(tab(place, "mlrun train configs/nade.yaml model.kind=made model."), "model.masks="));
  CHECK(has(tab(place, "mlrun config show configs/nade.yaml optim."), "optim.lr="));
  // bash takes '=' for a border between words and replaces what stands behind it.
  CHECK(tab(place, "mlrun train configs/nade.yaml data.kind=tab") == Words{"table"});
  CHECK(tab(place, "mlrun train configs/nade.yaml train.for=") == Words{"20\\ epochs"});
  CHECK(tab(place, "mlrun train configs/nade.yaml 'train.for=20 ") == Words{"train.for=20 epochs"});
  CHECK(tab(place, "mlrun grid configs/nade.yaml data.kind=mnist,tab") == Words{"mnist,table"});
}

TEST_CASE("bash completes runs, their groups, and checkpoint files") {
  const Workplace place;
  const std::string id = std::filesystem::path(place.train({"--group", "lr"})).filename().string();
  place.put("weights.h5", "");
  CHECK(tab(place, "mlrun eval ti") == Words{id});
  CHECK(tab(place, "mlrun show @l") == Words{"@last"});
  CHECK(tab(place, "mlrun sample we") == Words{"weights.h5"});
  CHECK(tab(place, "mlrun compare @group:") == Words{"lr", "lr@best", "lr@last"});
  CHECK(has(tab(place, "mlrun train --resume "), id));
}

TEST_CASE("bash completes known parts, checkpoints, the reference, kinds and the fields of nested kinds") {
  const Workplace place;
  const std::string run = place.train({"eval.every=1 steps", "--group", "lr"});
  place.put("mask.png", "");
  CHECK(tab(place, "mlrun sample @last --complete t") == Words{"top"});
  CHECK(tab(place, "mlrun sample @last --complete m") == Words{"mask.png"});
  CHECK(has(tab(place, "mlrun eval @last --region "), "checker"));
  const Words steps = tab(place, "mlrun eval @last --which ");
  CHECK(has(steps, "best"));
  CHECK(has(steps, "3"));
  CHECK(tab(place, "mlrun ls --group ") == Words{"lr"});
  CHECK(tab(place, "mlrun grid tiny.yaml optim.lr=1 --gr") == Words{"--group"});

  CHECK(tab(place, "mlrun config schema mod") == Words{"model"});
  const Words model = tab(place, "mlrun config schema model.");
  for (const char* name : {"model.hidden", "model.mixer", "model.made", "model.quantizer"}) CHECK(has(model, name));
  CHECK(has(tab(place, "mlrun config schema model.mixer."), "model.mixer.s4d"));
  CHECK(has(tab(place, "mlrun config schema model.mixer.s4d."), "model.mixer.s4d.states"));
  CHECK(has(tab(place, "mlrun config schema optim."), "optim.lr"));
  CHECK(has(tab(place, "mlrun config schema train."), "train.for"));
  CHECK(tab(place, "mlrun config init gated") == Words{"gated_pixelcnn"});
  CHECK(has(tab(place, "mlrun config init sequence model.mixer.kind="), "lru"));

  CHECK(has(tab(place, "mlrun train tiny.yaml model.kind=sequence model."), "model.mixer.kind="));
  CHECK(has(tab(place, "mlrun train tiny.yaml model.kind=sequence model.mixer.kind=s4d model.mixer."),
            "model.mixer.states="));
  CHECK(has(tab(place, "mlrun train tiny.yaml model.kind=vqvae model.quantizer.kind=residual model.quantizer.of."),
            "model.quantizer.of.codes="));
  CHECK(has(tab(place, "mlrun eval @last data.te"), "data.test_limit="));
  CHECK(tab(place, "mlrun eval @last optim.").empty());
}

TEST_CASE("completion does not read the help: rewording it changes nothing") {
  // Every option whose value is one of few words, or a thing mlrun knows, was told so where it was declared.
  const Workplace place;
  for (const char* line :
       {"train x --progress ", "train x --threads ", "eval x --split ", "eval x --which ", "ls --status ", "ls --sort ",
        "ls --columns ", "ls --where ", "compare --group-by ", "hippo --measure ", "--color ", "sample x --sampler ",
        "prove x --threads ", "show x --which ", "completion "}) {
    INFO(line);
    CHECK_FALSE(tab(place, std::string("mlrun ") + line).empty());
  }
}

TEST_CASE("columns are completed one behind the other") {
  const Workplace place;
  CHECK(has(tab(place, "mlrun ls --columns id,valid/n"), "id,valid/nll"));
  CHECK(has(tab(place, "mlrun ls --columns id,optim.l"), "id,optim.lr"));
}

TEST_CASE("other shells are given whole words with descriptions") {
  const Workplace place;
  const ProgramResult result = place.mlrun({"__complete", "--", "train", "x.yaml", "--thr"});
  CHECK(result.exit_code == 0);
  CHECK(result.out.find("--threads\t") == 0);
  for (const char* shell : {"bash", "zsh", "fish"})
    CHECK(place.mlrun({"completion", shell}).out.find("__complete") != std::string::npos);
  CHECK(place.mlrun({"completion", "tcsh"}).exit_code == 2);
}

TEST_CASE("a key press never prints a message, whatever the line") {
  const Workplace place;
  place.put("bad.yaml", "model: {kind: [\n");
  for (const char* line :
       {"mlrun train bad.yaml model.", "mlrun train missing.yaml optim.", "mlrun nonsense x", "mlrun eval nothing/",
        "mlrun train -- --", "mlrun --color", "mlrun train bad.yaml model.kind=nonsense model."}) {
    const ProgramResult result = place.mlrun({"__complete", "--line", line});
    INFO(line);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
  }
}

TEST_CASE("a command line is split as a shell splits it") {
  CHECK(split_line("mlrun train a\\ b 'c d' \"e \\\" f\" g").words ==
        Words{"mlrun", "train", "a b", "c d", "e \" f", "g"});
  CHECK(split_line("mlrun ").words == Words{"mlrun", ""});
  CHECK(split_line("mlrun ''").words == Words{"mlrun", ""});
  const auto open = split_line("mlrun train.for='20 e");
  CHECK(open.words == Words{"mlrun", "train.for=20 e"});
  CHECK(open.quoted);
  CHECK(open.quote_start == 10);
}
