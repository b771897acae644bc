// A quantiser alone, with rows to quantise.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "models/quantizers/quantizer.hpp"
#include "nn/initialisers.hpp"

namespace mlrun::test {

constexpr int64_t kRows = 40, kDim = 6;

struct BuiltQuantizer {
  ParameterArena arena;
  std::unique_ptr<Quantizer> quantizer;
  Parameter z;  // rows to be quantised, as a parameter so that they have a gradient

  BuiltQuantizer(const std::vector<std::string>& options, int64_t dim = kDim) {
    config::Diagnostics diagnostics;
    std::vector<std::string> all;
    for (const std::string& o : options) all.push_back("quantizer." + o);
    const config::Document document = config::Document::from_text("", "test", all, diagnostics);
    config::Reader section = document.root().section("quantizer");
    const auto choice = quantizer_kinds().choose(section);
    document.root().finish();
    diagnostics.throw_if_any();
    const Scope scope(arena, 3);
    quantizer = make_quantizer(choice, dim, scope / "quantizer");
    z = scope.parameter("z", {kRows, dim}, "row,in", ParameterKind::kWeight, initialise::normal(1.0));
    arena.allocate();
    arena.initialise(5);
    Pass pass(arena);
    quantizer->initialise_from(pass, z.value(), RandomStream(5, "first"));
  }
  Tensor gradient_of(const Tensor& gradients, const std::string& path) const {
    for (size_t i = 0; i < arena.parameters().size(); ++i) {
      if (arena.parameters()[i].path == path) return arena.window(gradients, i);
    }
    throw std::runtime_error("no parameter " + path);
  }
};

}  // namespace mlrun::test
