// Every model explains itself to readers elsewhere: `mlrun show --layout`.
#include "nn/layout.hpp"

#include "battery.hpp"
#include "catch.hpp"
#include "models/quantizers/quantizer.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Of which tensors it says nothing.
std::vector<std::string> unexplained(const Built& b) {
  const Layout layout = b.model->layout();
  std::vector<std::string> left;
  const auto look = [&](const std::string& path) {
    const Layout::Entry* entry = layout.find(path);
    if (!entry || entry->meaning.empty()) left.push_back(path);
  };
  for (const ParameterInfo& info : b.parameters->parameters()) look(info.path);
  for (const BufferInfo& buffer : b.parameters->buffers()) look(buffer.path);
  for (const StateInfo& state : b.parameters->states()) look(state.path);
  return left;
}

std::vector<Case> two_stage_cases() {
  const DataSpec images{.shape = {8, 8}, .alphabet = 2, .classes = 0};
  const std::vector<std::string> small = {"width=6", "blocks=1", "dim=6"};
  std::vector<Case> all;
  const auto add = [&](std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), small.begin(), small.end());
    all.push_back({"vqvae", std::move(overrides), images});
  };
  for (const auto& [kind, entry] : registered(quantizer_kinds())) add({"quantizer.kind=" + kind});
  add({"levels=2", "decoder.kind=pixelcnn"});
  add({"levels=2", "rate.kind=prior", "rate.warmup=5", "encoder=stochastic", "quantizer.kind=gumbel"});
  return all;
}

}  // namespace

TEST_CASE("every tensor of every model is explained, and the computation with it") {
  std::vector<Case> all = all_cases({3, 3});
  for (const Case& c : two_stage_cases()) all.push_back(c);
  all.push_back({"sequence_classifier",
                 {"width=6", "layers=2", "mixer.kind=s4d", "mixer.states=4"},
                 {.shape = {9}, .alphabet = 3, .classes = 4}});
  for (const Case& c : all) {
    INFO(name_of(c));
    const Built b = build(c.kind, c.data, c.overrides);
    CHECK(b.model->layout().lines().size() >= 4);
    CHECK(unexplained(b) == std::vector<std::string>());
  }
}

TEST_CASE("a path is explained by the pattern that has numbers where it has numbers") {
  Layout layout;
  layout.tensor("block_*/a", "one").part("outer_*/", Layout().tensor("b", "two").line("said"));
  REQUIRE(layout.find("block_12/a"));
  CHECK(layout.find("block_12/a")->meaning == "one");
  CHECK(layout.find("outer_3/b")->meaning == "two");
  CHECK(layout.lines() == std::vector<std::string>{"said"});
  for (const char* other : {"block_/a", "block_1/ab", "block_x/a", "block_1", "xblock_1/a"}) CHECK(!layout.find(other));
}

TEST_CASE("what decides a mixture of masks or of orders is in the checkpoint") {
  const auto buffer = [](const Built& b, const std::string& path) {
    for (const BufferInfo& info : b.parameters->buffers()) {
      if (info.path == path) return info.value;
    }
    return Tensor();
  };
  const DataSpec data{.shape = {3, 3}, .alphabet = 2, .classes = 0};
  const Built made = build("made", data, {"hidden=9,14", "masks=3"});
  CHECK(buffer(made, "hidden_1/degrees").shape() == Shape{3, 9});
  CHECK(buffer(made, "hidden_2/degrees").shape() == Shape{3, 14});
  const Built eonade = build("eonade", data, {"hidden=11", "orders=3"});
  for (int64_t k = 0; k < 3; ++k) {
    const Tensor order = buffer(eonade, k == 0 ? "order" : "order_" + std::to_string(k));
    REQUIRE(order.shape() == Shape{9});
    for (int64_t t = 0; t < 9; ++t)
      CHECK(order.data<int32_t>()[t] == eonade.autoregressive().order(k)[static_cast<size_t>(t)]);
  }
}
