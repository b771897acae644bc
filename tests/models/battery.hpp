// What the battery is run on: every registered model, made small, in the variants that change its structure.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "mixers/mixer.hpp"
#include "models/model.hpp"
#include "models/sequence/draft_heads.hpp"
#include "registered.hpp"

namespace mlrun::test {

struct Built {
  std::unique_ptr<ParameterArena> parameters = std::make_unique<ParameterArena>();
  std::unique_ptr<Model> model;
  const AutoregressiveModel& autoregressive() const { return *model->autoregressive(); }
};

inline Built build(const std::string& kind, const DataSpec& data, const std::vector<std::string>& overrides,
                   uint64_t seed = 3) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all = {"model.kind=" + kind};
  for (const std::string& o : overrides) all.push_back("model." + o);
  const config::Document document = config::Document::from_text("", "battery", all, diagnostics);
  config::Reader section = document.root().section("model");
  const auto choice = model_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  Built b;
  b.model = choice.build(data, Scope(*b.parameters, seed));
  b.parameters->allocate();
  b.parameters->initialise(seed);
  // Initial weights may be zero (a linear model's): a model that has learned nothing hides its leaks.
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
    Tensor w = b.parameters->value(i);
    const RandomStream noise(7, b.parameters->parameters()[i].path);
    for (int64_t k = 0; k < w.count(); ++k) {
      float& x = w.data<float>()[k];
      // What a mask forbids stays exactly 0, as in training; a parameter that starts at 0 altogether is free.
      if (x != 0) x += static_cast<float>(0.5 * noise.normal(static_cast<uint64_t>(k)));
    }
  }
  return b;
}

inline Batch random_batch(const DataSpec& data, int64_t count, uint64_t seed) {
  const RandomStream noise(seed, "battery");
  Batch batch;
  batch.symbols = Tensor({count, data.positions()}, DType::kS32);
  for (int64_t i = 0; i < batch.symbols.count(); ++i) {
    batch.symbols.data<int32_t>()[i] =
        static_cast<int32_t>(noise.below(static_cast<uint64_t>(i), static_cast<uint64_t>(data.alphabet)));
  }
  if (data.classes > 0) {
    const RandomStream labels(seed, "battery labels");
    batch.labels = Tensor({count}, DType::kS32);
    for (int64_t i = 0; i < count; ++i) {
      batch.labels.data<int32_t>()[i] =
          static_cast<int32_t>(labels.below(static_cast<uint64_t>(i), static_cast<uint64_t>(data.classes)));
    }
  }
  return batch;
}

// Every image there is of a small grid, all with one label.
inline Batch all_images(const DataSpec& data, int32_t label) {
  int64_t count = 1;
  for (int64_t i = 0; i < data.positions(); ++i) count *= data.alphabet;
  Batch batch;
  batch.symbols = Tensor({count, data.positions()}, DType::kS32);
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (int64_t p = 0; p < data.positions(); ++p, rest /= data.alphabet) {
      batch.symbols.data<int32_t>()[i * data.positions() + p] = static_cast<int32_t>(rest % data.alphabet);
    }
  }
  batch.labels = Tensor({count}, DType::kS32);
  std::fill_n(batch.labels.data<int32_t>(), count, label);
  return batch;
}

// The same examples with one symbol changed; labels stay.
inline Batch changed(const Batch& batch, const DataSpec& data, int64_t position) {
  Batch other = batch;
  other.symbols = batch.symbols.clone();
  for (int64_t i = 0; i < batch.count(); ++i) {
    int32_t& s = other.symbols.data<int32_t>()[i * data.positions() + position];
    s = static_cast<int32_t>((s + 1) % data.alphabet);
  }
  return other;
}

// Some gradient steps away from the start, by the model's own gradients, which respect its masks.
inline void wander(const Built& b, const DataSpec& data, int steps) {
  for (int s = 0; s < steps; ++s) {
    Tensor gradients = b.parameters->like();
    Pass pass(*b.parameters, gradients, s, RandomStream(1, "wander"));
    const Variable loss = b.model->loss(pass, random_batch(data, 8, static_cast<uint64_t>(100 + s)));
    pass.backward(loss, 1.0f);
    float* w = b.parameters->flat().data<float>();
    double square = 0;
    for (int64_t i = 0; i < gradients.count(); ++i)
      square += std::pow(static_cast<double>(gradients.data<float>()[i]), 2);
    // Steps of bounded length: longer ones kill every relu of a small network, and a dead network sees nothing.
    const float rate = static_cast<float>(0.05 * std::min(1.0, 5 / std::sqrt(square)));
    for (int64_t i = 0; i < gradients.count(); ++i) w[i] -= rate * gradients.data<float>()[i];
  }
}

struct Case {
  std::string kind;
  std::vector<std::string> overrides;
  DataSpec data;
};

// Every mixer once, and everything else of a block with one of them.
inline std::vector<std::vector<std::string>> sequence_variants() {
  std::vector<std::vector<std::string>> variants;
  for (const auto& [mixer, entry] : registered(mixer_kinds())) {
    variants.push_back({"width=8", "layers=2", "mixer.kind=" + mixer});
    if (mixer == "mamba2") variants.back().push_back("mixer.head=4");
    for (const char* of_heads : {"attention", "delta", "gla", "linear_attention", "retnet"}) {
      if (mixer == of_heads) variants.back().push_back("mixer.heads=2");
    }
    if (mixer == "s4d" || mixer == "s4" || mixer.rfind("mamba", 0) == 0) variants.back().push_back("mixer.states=4");
  }
  const auto add = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"mixer.kind=gru", "layers=2"});
    variants.push_back(std::move(more));
  };
  add({"width=6", "positions=true", "mlp=gelu", "expansion=2", "order=random"});
  for (const auto& [heads, entry] : registered(draft_head_kinds()))
    if (heads != "none") add({"width=6", "heads.kind=" + heads, "heads.count=2"});
  add({"width=5", "mlp=swiglu", "norm=rms", "tied=true"});
  add({"width=7", "norm_place=post", "mlp=gelu", "input=scalar"});
  add({"width=7", "norm_place=branch", "norm=rms", "mlp=swiglu", "residual_scale=depth"});
  add({"width=4", "norm=none", "input=direct", "residual=false"});
  add({"width=6", "positions=sinusoidal"});
  add({"width=6", "positions=rows_and_columns", "order=hilbert"});
  for (const char* position : {"none", "rope_2d", "alibi", "t5", "shaw", "xl", "deberta"}) {
    variants.push_back({"width=8", "layers=2", "mixer.kind=attention", "mixer.heads=2", "mixer.qk_norm=true",
                        std::string("mixer.position.kind=") + position});
  }
  variants.push_back({"width=8", "layers=1", "mixer.kind=attention", "mixer.heads=2", "mixer.kv_heads=1",
                      "mixer.window=4", "mixer.stride=3", "order=s_curve", "condition=class"});
  add({"width=6", "mlp=geglu", "expansion=1", "residual_scale=depth"});
  add({"width=6", "mlp=relu2", "expansion=2", "parallel=true", "residual_scale=0.5"});
  add({"width=6", "mlp=channel_mix", "expansion=2"});
  add({"width=6", "mlp=moe", "expansion=1", "moe.experts=4", "moe.top_k=2"});
  add({"width=6", "mlp=moe", "expansion=1", "moe.experts=3", "moe.top_k=1", "moe.balance=loss", "moe.weight=0.5"});
  add({"width=6", "mlp=moe", "expansion=1", "moe.experts=5", "moe.top_k=3", "moe.shared=1", "moe.gate=sigmoid",
       "moe.balance=loss", "moe.weight=0.5", "moe.expert=swiglu"});
  variants.push_back(
      {"width=6", "layers=3", "mixer.kind=gru", "mixers=gru,linear_attention,gru", "linear_attention.heads=2"});
  add({"width=6", "condition=class"});
  add({"width=6", "condition=joint", "positions=true", "order=hilbert", "mixer.hidden=9"});
  return variants;
}

// Every registered kind with its defaults made small, and the options that change its structure.
inline std::vector<Case> cases(const DataSpec& data) {
  std::vector<Case> all;
  for (const auto& [kind, entry] : registered(model_kinds())) {
    if (kind == "vqvae")
      continue;  // no likelihood of its own, and no gradient that differences see: models/codes/vqvae.cpp
    if (kind == "sequence_classifier") continue;  // p(y|x): models/sequence/classifier.cpp
    std::vector<std::vector<std::string>> variants = {{}};
    if (kind == "made") {
      variants = {{"hidden=13"},
                  {"hidden=17,11", "direct=true", "order=random", "activation=tanh"},
                  {"hidden=9,14", "masks=3", "direct=true", "activation=tanh"},
                  {"hidden=12", "masks=2", "order=random", "activation=sigmoid"},
                  {"hidden=13,10", "condition=class", "order=s_curve", "activation=tanh"},
                  {"hidden=12", "condition=joint", "direct=true"},
                  {"hidden=11,9", "condition=class", "masks=2", "direct=true", "order=random"}};
    }
    if (kind == "nade") {
      variants = {{"hidden=16"},
                  {"hidden=7", "order=random"},
                  {"hidden=9", "order=hilbert"},
                  {"hidden=8", "condition=class"},
                  {"hidden=8", "condition=joint", "order=random"}};
    }
    if (kind == "fvsbn") variants = {{}, {"order=random"}, {"condition=class"}, {"condition=joint", "order=hilbert"}};
    if (kind == "eonade") {
      variants = {{"hidden=13", "activation=tanh"},
                  {"hidden=11,9", "orders=3"},
                  {"hidden=9,8,7", "mask_input=false", "activation=sigmoid"},
                  {"hidden=10", "condition=class", "orders=2"},
                  {"hidden=9,10", "condition=joint", "activation=tanh"}};
    }
    if (kind == "ardm") {
      variants = {{"channels=4", "blocks=1", "head=5", "orders=2"},
                  {"channels=16", "blocks=1", "head=7", "scales=2", "parallel=2", "condition=class"},
                  {"channels=9", "blocks=1", "scales=1", "condition=joint"}};
    }
    if (kind == "augmented") {
      variants = {{"of={kind: pixelcnn, channels: 4, blocks: 1, head: [5]}"},
                  {"condition=class", "of={kind: made, hidden: [9], masks: 2, direct: true, order: random}"},
                  {"of={kind: eonade, hidden: [9], activation: tanh, orders: 2}"},
                  {"condition=joint", "of={kind: ardm, channels: 9, blocks: 1, scales: 1}"}};
    }
    if (kind == "pixelcnn") {
      variants = {{"channels=4", "blocks=2", "head=5"},
                  {"channels=7", "blocks=1", "head=[]", "condition=class"},
                  {"channels=8", "blocks=1", "condition=joint"}};
    }
    if (kind == "diagonal_bilstm") {
      variants = {
          {"hidden=3", "layers=2", "head=5"}, {"hidden=17", "layers=1"}, {"hidden=4", "layers=1", "condition=class"}};
    }
    if (kind == "gated_pixelcnn") {
      variants = {{"channels=5", "blocks=3", "head=6"},
                  {"channels=4", "blocks=1"},
                  {"channels=9", "blocks=2", "condition=class"}};
    }
    if (kind == "pixelsnail") {
      variants = {{"channels=5", "blocks=2", "layers=1", "keys=3", "values=4", "head=6"},
                  {"channels=4", "blocks=1", "layers=2", "kernel=3", "heads=2", "keys=2", "values=3", "head=[]"},
                  {"channels=7", "blocks=1", "layers=1", "keys=4", "values=2"},
                  {"channels=9", "blocks=1", "layers=2", "condition=class"},
                  {"channels=9", "blocks=1", "layers=2", "condition=joint"}};
    }
    if (kind == "sequence") variants = sequence_variants();
    if (kind == "symmetries") {
      const std::string orders = data.shape.size() == 2 && data.shape[0] == data.shape[1] ? "orders=8" : "orders=4";
      variants = {{orders, "of={kind: pixelcnn, channels: 4, blocks: 1, head: [5]}"},
                  {"orders=3", "of={kind: fvsbn, order: hilbert}"},
                  {"orders=2", "of={kind: eonade, hidden: [9], activation: tanh}"},
                  {"orders=2", "condition=joint", "of={kind: made, hidden: [9], direct: true}"}};
    }
    if (kind == "mixture") {
      const auto of = [](const std::string& models, int parts) {
        std::string names, numbers;
        for (int k = 0; k < parts; ++k) {
          names += (k == 0 ? "" : ", ") + std::string("run") + std::to_string(k);
          numbers += (k == 0 ? "" : ", ") + std::to_string(5 + k);
        }
        return std::vector<std::string>{"of=[" + names + "]",      "runs=[" + names + "]",
                                        "sha256=[" + names + "]",  "seeds=[" + numbers + "]",
                                        "steps=[" + numbers + "]", "models=[" + models + "]"};
      };
      variants = {
          of(R"("{kind: made, hidden: [9], order: random, direct: true}", "{kind: fvsbn, order: hilbert}")", 2),
          of(R"("{kind: made, hidden: [7], masks: 2, order: random}", "{kind: eonade, hidden: [6], orders: 2}", )"
             R"("{kind: pixelcnn, channels: 3, blocks: 1}")",
             3),
          of(R"("{kind: sequence, width: 6, layers: 1, mixer: {kind: gru}, condition: class}", )"
             R"("{kind: made, hidden: [8], direct: true, condition: class}")",
             2)};
    }
    if (data.alphabet > 2) {  // levels in order
      if (kind == "pixelcnn") variants.push_back({"channels=3", "blocks=1", "likelihood=logistics", "mixture=2"});
      if (kind == "gated_pixelcnn")
        variants.push_back({"channels=4", "blocks=1", "likelihood=logistics", "input=scalar"});
    }
    for (const auto& variant : variants) {
      Case c = {kind, variant, data};
      // A conditional variant is of labelled data.
      for (const std::string& o : variant) {
        const bool conditional =
            o.rfind("condition=", 0) == 0 || (kind == "mixture" && o.find("condition: class") != std::string::npos);
        c.data.classes = conditional ? 3 : c.data.classes;
      }
      if (kind == "augmented") c.data.augmentations = 4;
      all.push_back(std::move(c));
    }
  }
  return all;
}

inline bool takes(const std::string& kind, const DataSpec& data) { return kind != "nade" || data.alphabet == 2; }

inline std::vector<Case> all_cases(const Shape& shape) {
  std::vector<Case> all = cases({.shape = shape, .alphabet = 2, .classes = 0});
  for (const Case& c : cases({.shape = shape, .alphabet = 3, .classes = 0})) {
    if (takes(c.kind, c.data)) all.push_back(c);
  }
  return all;
}

inline std::string name_of(const Case& c) {
  std::string name = c.kind + " alphabet " + std::to_string(c.data.alphabet);
  for (const std::string& o : c.overrides) name += " " + o;
  return name;
}

}  // namespace mlrun::test
