// Chained modules (DeepSeek-AI 2024, "DeepSeek-V3 Technical Report", section 2.2, multi-token prediction): module k goes
// on from what module k - 1 had, over the symbol that this one predicted,
//
//   u = M_k norm(h_{k-1}) + E_k e(s_{t+k-1});   h_k = u + V_k silu(U_k u);   y_k = W_k h_k.
//
// So each proposal depends on those before it. The paper's modules are blocks with attention of their own over all
// positions; these see the past through h alone, as those of Ankner et al. 2024 ("Hydra"), so that a draft has no state to
// carry. V begins as zeros.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/vector/elementwise.hpp"
#include "models/sequence/draft_heads.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "nn/norm.hpp"
#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/linear.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

class MultiTokenSteps : public DraftHeadSteps {
 public:
  struct Module {
    const Norm* stream_norm;
    Tensor entering;  // what each symbol adds to u [alphabet, width]: it looks at the symbol alone
    PackedLinear stream, up, down, out;
  };
  explicit MultiTokenSteps(std::vector<Module> modules) : modules_(std::move(modules)) {}
  double products() const override {
    const Module& module = modules_.front();
    return static_cast<double>(module.stream.in() * (3 * module.stream.out() + module.out.out()));
  }
  void operator()(int64_t k, int32_t symbol, float* h, float* out) const override {
    const Module& module = modules_[static_cast<size_t>(k - 1)];
    const int64_t width = module.stream.in();
    Tensor x({1, width}), inner({1, width});
    std::copy_n(h, width, x.data<float>());
    const Tensor normed = module.stream_norm->rows(x);
    module.stream(normed.data<float>(), 1, h, module.entering.data<float>() + symbol * width);
    module.up(h, 1, inner.data<float>());
    kernels::apply(kernels::Function::kSilu, inner.data<float>(), inner.data<float>(), width);
    module.down(inner.data<float>(), 1, h, h);
    module.out(h, 1, out);
  }

 private:
  std::vector<Module> modules_;
};

class MultiToken : public DraftHeads {
 public:
  using Options = DraftHeadOptions;
  static Facts facts(const Options& options) { return options.facts; }

  MultiToken(const Options& options, const DraftHeadShape& shape, const Scope& scope)
      : symbols_(scope.parameter("symbols", {shape.alphabet, shape.width}, "symbol,width", ParameterKind::kEmbedding,
                                 initialise::normal(1))) {
    for (int64_t k = 1; k <= options.facts.count; ++k) {
      const Scope place = scope / fmt::format("{}", k);
      const auto square = [&](const std::string& name, const Initialiser& begin) {
        return place.parameter(name + "/weight", {shape.width, shape.width}, "out,in", ParameterKind::kWeight, begin);
      };
      const Initialiser lecun = initialise::lecun_uniform(shape.width);
      modules_.push_back({Norm(place / "stream_norm", NormKind::kRms, shape.width), square("stream", lecun),
                          square("symbol", lecun), square("up", lecun), square("down", initialise::zeros()),
                          Linear(place / "out", shape.width, shape.out)});
    }
  }

  std::vector<Variable> operator()(Pass& pass, const Variable& stream, const Tensor& symbols) const override {
    std::vector<Variable> all;
    Variable h = stream;
    const int64_t n = symbols.dim(0), length = symbols.dim(1);
    for (size_t k = 0; k < modules_.size(); ++k) {
      const Module& module = modules_[k];
      const auto before = static_cast<int64_t>(k), places = length - before - 1;
      Tensor seen({n, places}, DType::kS32);  // s[t + k - 1], from 0 on
      for (int64_t i = 0; i < n; ++i)
        std::copy_n(symbols.data<int32_t>() + i * length + before, places, seen.data<int32_t>() + i * places);
      const Variable entering = ops::embedding(ops::linear(pass(symbols_), pass(module.symbol)), seen);
      const Variable before_it = module.stream_norm(pass, ops::slice(h, 1, 0, places));
      const Variable u = ops::add(ops::linear(before_it, pass(module.stream)), entering);
      const Variable inner = ops::activation(kernels::Function::kSilu, ops::linear(u, pass(module.up)));
      h = ops::add(u, ops::linear(inner, pass(module.down)));
      all.push_back(module.out(pass, h));
    }
    return all;
  }

  std::unique_ptr<DraftHeadSteps> steps() const override {
    std::vector<MultiTokenSteps::Module> packed;
    for (const Module& module : modules_) {
      packed.push_back({&module.stream_norm,
                        ops::linear(symbols_.value(), module.symbol.value()).value(),
                        {module.stream.value(), {}},
                        {module.up.value(), {}},
                        {module.down.value(), {}},
                        module.out.packed()});
    }
    return std::make_unique<MultiTokenSteps>(std::move(packed));
  }

  Layout layout() const override {
    Layout layout;
    layout.line("head k says of step t + k, from h_0 = h of step t (for drafts alone, no part of p):");
    layout.line(
        "  u = stream_norm(h_[k-1]) @ heads/k/stream/weight' + heads/symbols[s[t + k - 1]] @ heads/k/symbol/weight'");
    layout.line("  h_k = u + silu(u @ heads/k/up/weight') @ heads/k/down/weight'");
    layout.line("  l_k = h_k @ heads/k/out/weight' + heads/k/out/bias");
    for (const char* name : {"stream", "symbol", "up", "down"})
      layout.tensor(fmt::format("*/{}/weight", name), "a linear map, no bias");
    layout.part("*/stream_norm/", modules_.front().stream_norm.layout("stream_norm"));
    return layout.tensor("symbols", "a row for each symbol")
        .tensor("*/out/weight", "from the channels to l_k")
        .tensor("*/out/bias", "of l_k");
  }

 private:
  struct Module {
    Norm stream_norm;
    Parameter stream, symbol, up, down;
    Linear out;
  };
  Parameter symbols_;
  std::vector<Module> modules_;
};

[[maybe_unused]] const bool registered = register_draft_heads<MultiToken>(
    "mtp", "chained modules, each over the symbol that the one before predicted (DeepSeek-AI 2024)");

}  // namespace
}  // namespace mlrun
