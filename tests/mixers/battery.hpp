// What the battery is run on: every registered mixer, made small, in the variants that change its structure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "mixers/mixer.hpp"
#include "registered.hpp"

namespace mlrun::test {

struct BuiltMixer {
  std::unique_ptr<ParameterArena> parameters = std::make_unique<ParameterArena>();
  std::unique_ptr<Mixer> mixer;
};

inline BuiltMixer build_mixer(const std::string& kind, const std::vector<std::string>& overrides,
                              const MixerShape& shape, uint64_t seed = 3) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all = {"mixer.kind=" + kind};
  for (const std::string& o : overrides) all.push_back("mixer." + o);
  const config::Document document = config::Document::from_text("", "battery", all, diagnostics);
  config::Reader section = document.root().section("mixer");
  const auto choice = mixer_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  BuiltMixer b;
  b.mixer = choice.build(shape, Scope(*b.parameters, seed));
  b.parameters->allocate();
  b.parameters->initialise(seed);
  return b;
}

struct MixerCase {
  std::string kind;
  std::vector<std::string> overrides;
  // Whether it has kinks, or norms of a few numbers that may all be near zero, so that differences along a direction
  // that moves everything step over many of them.
  bool kinks = false;
};

// Every registered kind with its options, made small. A kind with a line of its own here is run in those variants.
inline std::vector<MixerCase> mixer_cases() {
  const std::vector<MixerCase> variants = {
      {"s4", {"states=8", "dt_min=0.02"}},
      {"hippo", {"memory=9"}},
      {"hippo", {"memory=70", "hidden=5", "discretisation=backward"}},
      {"hippo", {"memory=6", "discretisation=forward"}},
      {"hippo", {"memory=12", "discretisation=zoh"}},
      {"hippo", {"memory=8", "measure=legt", "theta=20"}},
      {"hippo", {"memory=8", "measure=lagt", "discretisation=zoh"}},
      {"attention", {"heads=3"}},
      {"attention", {"heads=2", "kv_heads=1", "position.kind=none"}},
      {"attention", {"heads=1", "qk_norm=true"}},  // of a head of 2 numbers, differences would say little
      {"attention", {"heads=1", "position.share=0.6", "position.factor=4", "window=20"}},
      {"attention", {"heads=3", "kv_heads=1", "position.factor=3", "position.scaling=ntk", "position.base=100"}},
      {"attention", {"heads=1", "position.kind=rope", "position.factor=4", "position.scaling=ntk"}},
      {"attention", {"heads=3", "position.kind=alibi", "stride=9"}},
      {"attention", {"heads=2", "position.kind=t5", "block=11"}},
      {"attention", {"heads=2", "position.kind=alibi", "block=40", "stride=7"}},
      {"attention", {"heads=2", "kv_heads=1", "position.kind=t5", "position.buckets=8", "position.max_distance=50"}},
      {"attention", {"heads=2", "position.kind=t5", "position.buckets=2", "position.max_distance=2", "window=2"}},
      {"attention", {"heads=2", "kv_heads=1", "position.kind=shaw", "position.clip=9"}},
      {"attention", {"heads=3", "position.kind=xl"}},
      {"attention", {"heads=2", "position.kind=xl", "kv_heads=1", "window=30", "stride=4"}},
      {"attention", {"heads=2", "position.kind=deberta", "position.span=12"}},
      {"lstm", {}},
      {"mamba", {}},
      {"mamba", {"states=3", "dt_rank=2", "expand=3", "taps=2", "dt_max=1", "lr=0.001"}},
      {"mamba2", {"states=8", "head=4"}},
      {"mamba2", {"states=5", "head=3", "expand=4", "taps=2", "dt_max=1", "lr=0.001"}},
      {"mamba2", {"states=20", "head=12", "taps=1"}},
      {"linear_attention", {"heads=2"}},
      {"linear_attention", {"heads=1", "features=relu"}, true},
      {"linear_attention", {"heads=3", "features=relu2", "normaliser=norm"}, true},
      {"linear_attention", {"heads=6", "features=exp"}},
      {"linear_attention", {"heads=2", "features=softmax", "normaliser=norm"}},
      {"linear_attention", {"heads=2", "features=performer"}},
      {"linear_attention", {"heads=3", "features=performer", "random_features=7", "redraw=100"}},
      {"linear_attention", {"heads=2", "features=cosformer"}, true},
      {"linear_attention", {"heads=1", "rope=true"}},
      {"linear_attention", {"heads=3", "rope=true", "features=exp", "normaliser=norm"}},
      {"delta", {"heads=1"}, true},
      {"delta", {"heads=2", "taps=2"}, true},
      {"gau", {"size=4"}},
      {"gau", {"size=5", "expand=1", "rope=false"}},
      {"gau", {"size=8", "weights=softmax_plus"}},
      {"flash", {"size=4", "chunk=7"}},
      {"flash", {"size=5", "expand=1", "rope=false", "chunk=16"}},
      {"flash", {"size=4"}},
      {"gla", {"heads=1"}, true},
      {"gla", {"heads=3", "rank=2", "temperature=1"}, true},
      {"retnet", {"heads=1"}},
      {"retnet", {"heads=3", "expand=1"}, true},
      {"rwkv", {}},
      {"lstm", {"hidden=5"}},
      {"gru", {}},
      {"gru", {"hidden=7"}},
      {"lru", {"max_phase=1"}},
      {"lru", {"states=9", "r_min=0.5", "max_phase=1", "output=gelu"}},
      {"s5", {}},
      {"s5", {"states=8", "blocks=2", "discretisation=bilinear", "output=glu"}},
      {"s5", {"output=none"}},
      {"s4d", {"states=8"}},
      {"s4d", {"states=6", "init=legs", "discretisation=bilinear"}},
      {"s4d", {"states=4", "init=inv", "dt_min=0.01"}},
      {"s4d", {"states=8", "init=real"}},
  };
  std::vector<MixerCase> all;
  for (const auto& [kind, entry] : registered(mixer_kinds())) {
    const size_t before = all.size();
    for (const MixerCase& v : variants) {
      if (v.kind == kind) all.push_back(v);
    }
    if (all.size() == before) all.push_back({kind, {}});
  }
  return all;
}

inline std::string name_of(const MixerCase& c) {
  std::string name = c.kind;
  for (const std::string& o : c.overrides) name += " " + o;
  return name;
}

}  // namespace mlrun::test
