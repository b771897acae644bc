#include "models/sequence/draft_heads.hpp"

#include "base/error.hpp"

namespace mlrun {
namespace {

class NoHeads : public DraftHeads {
 public:
  struct Options {
    explicit Options(config::Reader&) {}
  };
  static Facts facts(const Options&) { return {}; }
  NoHeads(const Options&, const DraftHeadShape&, const Scope&) {}
  std::vector<Variable> operator()(Pass&, const Variable&, const Tensor&) const override { return {}; }
  std::unique_ptr<DraftHeadSteps> steps() const override { return nullptr; }
  Layout layout() const override { return {}; }
};

[[maybe_unused]] const bool registered = register_draft_heads<NoHeads>("none", "no heads beside the model's own");

}  // namespace

DraftHeadOptions::DraftHeadOptions(config::Reader& reader) {
  facts.count = reader.integer(
      "count",
      {.help = "heads: head k predicts the symbol k places behind the next one", .min = 1, .max = 64, .fallback = 6});
  facts.weight = reader.real("weight", {.help = "of the mean of the heads' losses beside that of the model",
                                        .min = 0,
                                        .exclusive_min = true,
                                        .fallback = 0.3});
  facts.frozen =
      reader.choice("trunk", {"trained", "frozen"},
                    {.help = "frozen: only the heads are trained, and the rest stays as it comes from another "
                             "run (train --from RUN)",
                     .fallback = "trained"}) == "frozen";
}

DraftHeadRegistry& draft_head_kinds() {
  static DraftHeadRegistry registry;
  return registry;
}

}  // namespace mlrun
