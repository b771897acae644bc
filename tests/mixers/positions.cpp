// What each kind of positions claims, against its paper's formula.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "catch.hpp"
#include "mixers/battery.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "mixers/positions/distances.hpp"
#include "nn/sinusoids.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

struct BuiltPositions {
  std::unique_ptr<ParameterArena> parameters = std::make_unique<ParameterArena>();
  std::unique_ptr<AttentionPositions> positions;
};

BuiltPositions build_positions(const std::vector<std::string>& overrides, const AttentionLayout& layout) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all;
  for (const std::string& o : overrides) all.push_back("position." + o);
  const config::Document document = config::Document::from_text("", "positions", all, diagnostics);
  config::Reader section = document.root().section("position");
  const auto choice = attention_position_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  BuiltPositions b;
  b.positions = choice.build(layout, Scope(*b.parameters, 3));
  b.parameters->allocate();
  b.parameters->initialise(3);
  return b;
}

// One query and one key of one head, put at every position and turned there: [length, size] each.
struct Turned {
  Tensor q, k;
  double score(int64_t t, int64_t s, int64_t first, int64_t end) const {
    double sum = 0;
    for (int64_t i = first; i < end; ++i)
      sum += static_cast<double>(q.data<float>()[t * q.dim(1) + i]) *
             static_cast<double>(k.data<float>()[s * k.dim(1) + i]);
    return sum;
  }
  double score(int64_t t, int64_t s) const { return score(t, s, 0, q.dim(1)); }
};

Turned turned(const std::vector<std::string>& overrides, int64_t size, int64_t length,
              const std::vector<GridPlace>& places = {}) {
  const BuiltPositions b = build_positions(overrides, {1, 1, size, {size, size, length, places}});
  const Tensor q = random_tensor({size}, 1, -1.0f, 1.0f), k = random_tensor({size}, 2, -1.0f, 1.0f);
  Tensor all_q({1, length, size}), all_k({1, length, size});
  for (int64_t t = 0; t < length; ++t) {
    std::copy_n(q.data<float>(), size, all_q.data<float>() + t * size);
    std::copy_n(k.data<float>(), size, all_k.data<float>() + t * size);
  }
  Pass pass(*b.parameters);
  AttentionTerms terms = {Variable(all_q), Variable(all_k), {}};
  b.positions->enter(pass, terms);
  return {terms.q.value().reshape({length, size}), terms.k.value().reshape({length, size})};
}

// Attention as its paper writes it, in double, from the mixer's own weights.
class Naive {
 public:
  Naive(const BuiltMixer& b, int64_t heads, int64_t width) : heads_(heads), width_(width) {
    for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {
      const Tensor& value = b.parameters->value(i);
      weights_[b.parameters->parameters()[i].path] = {value.data<float>(), value.data<float>() + value.count()};
    }
  }
  double weight(const std::string& path, int64_t i) const {
    return static_cast<double>(weights_.at(path)[static_cast<size_t>(i)]);
  }
  int64_t size() const { return width_ / heads_; }
  // Row r of W x.
  template <class X>
  double times(const std::string& path, int64_t r, const X& x) const {
    double sum = 0;
    for (int64_t j = 0; j < width_; ++j) sum += weight(path, r * width_ + j) * static_cast<double>(x[j]);
    return sum;
  }
  // x [length, width]; score(h, q, k, t, s) of vectors of a head's numbers.
  using Score = std::function<double(int64_t h, const double* q, const double* k, int64_t t, int64_t s)>;
  std::vector<double> operator()(const Tensor& x, const Score& score) const {
    const int64_t length = x.dim(0);
    const auto map = [&](const std::string& path) {
      std::vector<double> y;
      for (int64_t t = 0; t < length; ++t) {
        for (int64_t r = 0; r < width_; ++r) y.push_back(times(path, r, x.data<float>() + t * width_));
      }
      return y;
    };
    const std::vector<double> q = map("q/weight"), k = map("k/weight"), v = map("v/weight");
    std::vector<double> y;
    for (int64_t t = 0; t < length; ++t) {
      std::vector<double> mixed(static_cast<size_t>(width_));
      for (int64_t h = 0; h < heads_; ++h) {
        std::vector<double> w;
        double sum = 0;
        for (int64_t s = 0; s <= t; ++s) {
          w.push_back(std::exp(score(h, q.data() + t * width_ + h * size(), k.data() + s * width_ + h * size(), t, s)));
          sum += w.back();
        }
        for (int64_t s = 0; s <= t; ++s) {
          for (int64_t i = h * size(); i < (h + 1) * size(); ++i)
            mixed[static_cast<size_t>(i)] += w[static_cast<size_t>(s)] / sum * v[static_cast<size_t>(s * width_ + i)];
        }
      }
      for (int64_t r = 0; r < width_; ++r) y.push_back(times("out/weight", r, mixed));
    }
    return y;
  }

 private:
  int64_t heads_, width_;
  std::map<std::string, std::vector<float>> weights_;
};

double dot(const double* a, const double* b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

constexpr int64_t kHeads = 2, kWidth = 8, kLength = 70;

void check_against(const std::vector<std::string>& overrides,
                   const std::function<Naive::Score(const Naive&)>& formula) {
  BuiltMixer b = build_mixer("attention", overrides, {kWidth, kWidth, kLength});
  for (size_t i = 0; i < b.parameters->parameters().size(); ++i) {  // what begins as zero would hide a lost term
    Tensor value = b.parameters->value(i);
    const Tensor noise = random_tensor(value.shape(), 40 + i, -1.0f, 1.0f);
    std::copy_n(noise.data<float>(), noise.count(), value.data<float>());
  }
  const Tensor x = random_tensor({1, kLength, kWidth}, 5, -1.0f, 1.0f);
  Pass pass(*b.parameters);
  const Tensor y = (*b.mixer)(pass, Variable(x)).value();
  const Naive naive(b, kHeads, kWidth);
  const std::vector<double> expected = naive(x.reshape({kLength, kWidth}), formula(naive));
  for (size_t i = 0; i < expected.size(); ++i)
    CHECK(static_cast<double>(y.data<float>()[i]) == Approx(expected[i]).margin(2e-5));
}

std::string message_of(const std::vector<std::string>& overrides, const MixerShape& shape) {
  try {
    build_mixer("attention", overrides, shape);
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("with rope, a score depends on the difference of positions alone, and nothing at position 0 is turned") {
  for (const std::vector<std::string>& kind :
       std::vector<std::vector<std::string>>{{"kind=rope"},
                                             {"kind=rope", "share=0.5"},
                                             {"kind=rope", "factor=4"},
                                             {"kind=rope", "factor=4", "scaling=ntk", "base=500"}}) {
    const Turned x = turned(kind, 8, 50);
    for (const int64_t d : {0, 1, 7, 30}) {
      for (const int64_t s : {1, 2, 19}) CHECK(x.score(s + d, s) == Approx(x.score(d, 0)).margin(1e-5));
    }
    CHECK(std::abs(x.score(7, 0) - x.score(0, 0)) > 1e-3);
    const Turned unturned = turned({"kind=none"}, 8, 50);
    CHECK(x.score(0, 0) == Approx(unturned.score(0, 0)).margin(1e-6));
  }
}

TEST_CASE("rope's share leaves the rest alone; its factor stretches positions, or the slowest pair alone") {
  const Turned none = turned({"kind=none"}, 8, 50), half = turned({"kind=rope", "share=0.5"}, 8, 50);
  CHECK(half.score(30, 2, 4, 8) == Approx(none.score(30, 2, 4, 8)).margin(1e-6));
  CHECK(std::abs(half.score(30, 2, 0, 4) - none.score(30, 2, 0, 4)) > 1e-3);
  const Turned rope = turned({"kind=rope"}, 8, 50), stretched = turned({"kind=rope", "factor=4"}, 8, 50);
  CHECK(stretched.score(40, 0) == Approx(rope.score(10, 0)).margin(1e-5));
  // Pair i is made of numbers i and i + 4. The first turns as ever, the last a factor of 4 slower.
  const Turned ntk = turned({"kind=rope", "factor=4", "scaling=ntk"}, 8, 50);
  const auto pair = [](const Turned& x, int64_t t, int64_t i) {
    return x.score(t, 0, i, i + 1) + x.score(t, 0, i + 4, i + 5);
  };
  CHECK(pair(ntk, 12, 0) == Approx(pair(rope, 12, 0)).margin(1e-5));
  CHECK(pair(ntk, 40, 3) == Approx(pair(rope, 10, 3)).margin(1e-6));
}

TEST_CASE("with rope_2d, a score depends on how many rows and columns two pixels are apart, in any order") {
  constexpr int64_t kColumns = 7;
  std::vector<GridPlace> places;
  for (int64_t t = 0; t < 6 * kColumns; ++t) {
    const int64_t pixel = t * 11 % (6 * kColumns);  // 11 and 42 have no common divisor
    places.push_back({pixel / kColumns, pixel % kColumns});
  }
  const Turned x = turned({"kind=rope_2d"}, 8, 6 * kColumns, places);
  const auto at = [&](int64_t row, int64_t column) {
    for (size_t t = 0; t < places.size(); ++t) {
      if (places[t].row == row && places[t].column == column) return static_cast<int64_t>(t);
    }
    return int64_t{-1};
  };
  const double expected = x.score(at(3, 4), at(1, 1));
  CHECK(x.score(at(5, 6), at(3, 3)) == Approx(expected).margin(1e-5));
  CHECK(x.score(at(2, 3), at(0, 0)) == Approx(expected).margin(1e-5));
  CHECK(std::abs(x.score(at(3, 5), at(1, 1)) - expected) > 1e-4);
  CHECK(std::abs(x.score(at(4, 4), at(1, 1)) - expected) > 1e-4);
  CHECK_FALSE(build_positions({"kind=rope_2d"}, {1, 1, 8, {8, 8, 42, places}}).positions->any_length());
}

TEST_CASE("ALiBi's slopes are those of its paper, for powers of two and between") {
  const std::vector<double> eight = alibi_slopes(8), six = alibi_slopes(6);
  for (size_t i = 0; i < 8; ++i) CHECK(eight[i] == Approx(std::pow(2.0, -static_cast<double>(i + 1))));
  const double of_six[] = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};  // their code's get_slopes(6)
  REQUIRE(six.size() == 6);
  for (size_t i = 0; i < 6; ++i) CHECK(six[i] == Approx(of_six[i]));
  check_against({"heads=2", "position.kind=alibi"}, [](const Naive& n) {
    return [&n](int64_t h, const double* q, const double* k, int64_t t, int64_t s) {
      return dot(q, k, n.size()) / std::sqrt(static_cast<double>(n.size())) -
             (h == 0 ? 1.0 / 16 : 1.0 / 256) * static_cast<double>(t - s);
    };
  });
}

TEST_CASE("T5's buckets hold one distance each at first, and then logarithmically more") {
  for (int64_t d = 0; d < 16; ++d) CHECK(t5_bucket(d, 32, 128) == d);
  CHECK(t5_bucket(16, 32, 128) == 16);
  CHECK(t5_bucket(20, 32, 128) == 17);
  CHECK(t5_bucket(64, 32, 128) == 26);
  CHECK(t5_bucket(127, 32, 128) == 31);
  CHECK(t5_bucket(128, 32, 128) == 31);
  CHECK(t5_bucket(1000000, 32, 128) == 31);
  for (int64_t d = 1; d < 300; ++d) CHECK(t5_bucket(d, 10, 100) >= t5_bucket(d - 1, 10, 100));
  check_against({"heads=2", "position.kind=t5", "position.buckets=8", "position.max_distance=40"}, [](const Naive& n) {
    return [&n](int64_t h, const double* q, const double* k, int64_t t, int64_t s) {
      return dot(q, k, n.size()) / std::sqrt(static_cast<double>(n.size())) +
             n.weight("position/bias", h * 8 + t5_bucket(t - s, 8, 40));
    };
  });
}

TEST_CASE("Shaw's relative keys are equation 4 of their paper") {
  check_against({"heads=2", "position.kind=shaw", "position.clip=9"}, [](const Naive& n) {
    return [&n](int64_t, const double* q, const double* k, int64_t t, int64_t s) {
      double sum = dot(q, k, n.size());
      const int64_t row = std::min<int64_t>(t - s, 9) * n.size();
      for (int64_t i = 0; i < n.size(); ++i) sum += q[i] * n.weight("position/keys", row + i);
      return sum / std::sqrt(static_cast<double>(n.size()));
    };
  });
}

TEST_CASE("Transformer-XL's scores are the four terms of its section 3.3") {
  check_against({"heads=2", "position.kind=xl"}, [](const Naive& n) {
    return [&n](int64_t h, const double* q, const double* k, int64_t t, int64_t s) {
      std::vector<float> r(kWidth);
      sinusoid(t - s, kWidth, r.data());
      double sum = 0;
      for (int64_t i = 0; i < n.size(); ++i) {
        const int64_t c = h * n.size() + i;
        const double relative = n.times("position/relative/weight", c, r);
        sum += q[i] * k[i] + q[i] * relative + n.weight("position/u", c) * k[i] + n.weight("position/v", c) * relative;
      }
      return sum / std::sqrt(static_cast<double>(n.size()));
    };
  });
}

TEST_CASE("DeBERTa's scores are equation 4 of its paper, with its clipped delta") {
  check_against({"heads=2", "position.kind=deberta", "position.span=12"}, [](const Naive& n) {
    return [&n](int64_t h, const double* q, const double* k, int64_t t, int64_t s) {
      constexpr int64_t kSpan = 12;
      const auto delta = [](int64_t i, int64_t j) {
        return i - j <= -kSpan ? 0 : i - j >= kSpan ? 2 * kSpan - 1 : i - j + kSpan;
      };
      const auto position = [&](int64_t row) {
        std::vector<double> p;
        for (int64_t i = 0; i < kWidth; ++i) p.push_back(n.weight("position/positions", row * kWidth + i));
        return p;
      };
      const std::vector<double> ahead = position(delta(t, s)), behind = position(delta(s, t));
      double sum = dot(q, k, n.size());
      for (int64_t i = 0; i < n.size(); ++i) {
        const int64_t c = h * n.size() + i;
        sum += q[i] * n.times("position/keys/weight", c, ahead) + k[i] * n.times("position/queries/weight", c, behind);
      }
      return sum / std::sqrt(3 * static_cast<double>(n.size()));
    };
  });
}

TEST_CASE("attention that cannot be built says with which value it can") {
  const MixerShape ten = {10, 10, 20}, nine = {9, 9, 20};
  CHECK_THAT(message_of({"heads=4"}, ten), Catch::Contains("10 channels") && Catch::Contains("model.mixer.heads=5"));
  CHECK_THAT(message_of({"heads=2"}, ten), Catch::Contains("multiple of 2") && Catch::Contains("model.mixer.heads=1"));
  CHECK_THAT(message_of({"heads=3"}, nine), Catch::Contains("a width that is a multiple of 2"));
  CHECK_THAT(message_of({"heads=1", "position.kind=rope_2d"}, ten), Catch::Contains("model.mixer.position.kind=rope"));
  CHECK_THAT(message_of({"heads=4", "kv_heads=3"}, {8, 8, 20}), Catch::Contains("kv_heads: 1"));
  CHECK_THAT(message_of({"heads=2", "kv_heads=1", "position.kind=deberta"}, ten), Catch::Contains("kv_heads=2"));
  CHECK_THAT(message_of({"heads=2", "window=0"}, {8, 8, 20}), Catch::Contains("window"));
  CHECK_THAT(message_of({"heads=1", "stride=4"}, {8, 8, 20}), Catch::Contains("heads: 2"));
  CHECK_THAT(message_of({"heads=2", "block=4", "window=3"}, {8, 8, 20}), Catch::Contains("window: all"));
  CHECK_THAT(message_of({"position.kind=t5", "position.buckets=1"}, {8, 8, 20}), Catch::Contains("buckets"));
  CHECK_THAT(message_of({"position.kind=t5", "position.buckets=32", "position.max_distance=16"}, {8, 8, 20}),
             Catch::Contains("max_distance: 64"));
}
