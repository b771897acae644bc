// A spec file of any bytes, then one override: read by fields of every type, and printed again.
#include <vector>

#include "experiment_spec.hpp"
#include "fuzz_target.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using mlrun::fuzz::write_seed;
  write_seed("spec",
             "name: made\nseed: 1\nmodel: {kind: made, hidden: [500, 1e2]}\noptim:\n  kind: adam\n  lr: 1e-3  # fast\n"
             "train: {for: 50 epochs, batch_size: 1_00, clip_norm: 1.0}\ncompute: {lanes: auto}\ntags: [a, \"b c\"]\n");
  write_seed("block", "model:\n  kind: nade\n  hidden: 500\ntags:\n  - x\n  - 'y'\ntrain:\n  shuffle: false\n");
  write_seed("refused", "a: &a [*a]\n<<: {b: !!int 1}\n? [c]\n: |\n  text\n---\n%YAML 1.2\n");
  write_seed("override", "model: {kind: made}\n\xffoptim.lr=3e-4");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mlrun;
  const std::string_view text = fuzz::text_of(data, size);
  const size_t cut = text.find('\xff');  // what follows it is an override
  std::vector<std::string> overrides;
  if (cut != std::string_view::npos) overrides.emplace_back(text.substr(cut + 1));
  fuzz::judge([&] {
    const config::Document document =
        config::Document::from_text(std::string(text.substr(0, cut)), "spec.yaml", overrides, {});
    const config::Experiment experiment(document.root());
    document.diagnostics().throw_if_any();
    // What was accepted can be printed and read again, and is then the same.
    const std::string printed = config::resolved_yaml(document.declared());
    config::Diagnostics mistakes;
    const config::Document again = config::Document::from_text(printed, "resolved.yaml", {}, mistakes);
    const config::Experiment second(again.root());
    require(mistakes.report().empty() && config::resolved_yaml(again.declared()) == printed,
            "printed, read and printed again, it differs:\n{}\n{}", printed, mistakes.report());
  });
  return 0;
}
