// What sequence models know of positions.
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kImage = {.shape = {2, 3}, .alphabet = 3, .classes = 0};

bool any_length(std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), {"width=8", "layers=2"});
  return build("sequence", kImage, overrides).autoregressive().any_length();
}

std::string refusal(const DataSpec& data, const std::vector<std::string>& overrides) {
  try {
    build("sequence", data, overrides);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a sequence model takes any length unless a table says where positions are") {
  CHECK(any_length({"mixer.kind=gru"}));
  CHECK(any_length({"mixer.kind=gru", "positions=sinusoidal"}));
  CHECK_FALSE(any_length({"mixer.kind=gru", "positions=true"}));
  CHECK_FALSE(any_length({"mixer.kind=gru", "positions=rows_and_columns"}));
  for (const char* kind : {"none", "rope", "alibi", "t5", "shaw", "xl", "deberta"})
    CHECK(any_length({"mixer.kind=attention", "mixer.heads=2", std::string("mixer.position.kind=") + kind}));
  CHECK_FALSE(any_length({"mixer.kind=attention", "mixer.heads=2", "mixer.position.kind=rope_2d"}));
}

TEST_CASE("rows and columns are those of images, and who has none is told what goes with it") {
  const DataSpec text = {.shape = {6}, .alphabet = 3, .classes = 0};
  const std::vector<std::string> sizes = {"width=8", "layers=1"};
  auto with = [&sizes](std::vector<std::string> more) {
    more.insert(more.end(), sizes.begin(), sizes.end());
    return more;
  };
  CHECK_THAT(refusal(text, with({"mixer.kind=gru", "positions=rows_and_columns"})),
             Catch::Contains("model.positions=true"));
  CHECK_THAT(refusal(text, with({"mixer.kind=attention", "mixer.heads=2", "mixer.position.kind=rope_2d"})),
             Catch::Contains("position.kind=rope"));
  CHECK(refusal(kImage, with({"mixer.kind=gru", "positions=rows_and_columns"})).empty());
}
