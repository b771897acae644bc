#include "generate/constrained.hpp"

#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "constraints/automaton.hpp"
#include "constraints/ebnf.hpp"
#include "constraints/mask.hpp"
#include "constraints/regex.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using mlrun::test::Built;

namespace {

const std::vector<int64_t> kCodes = {'a', 'b', 'c'};
const DataSpec kData{.shape = {5}, .alphabet = 3, .classes = 0};

constraints::Automaton pattern(const std::string& regex, int64_t room = 5) {
  return {constraints::grammar_of_regex(regex, "--match", false), kCodes, room, "--match"};
}

// p of every text of a pattern that a sample may end with, by the definition: the model's stream of five symbols is
// walked until the pattern does not take the next one, or none is left.
struct Law {
  std::map<std::string, double> texts;  // p of each, without renormalisation
  double total = 0;
};
Law law_of(const Built& b, const constraints::Constraint& constraint) {
  Law law;
  Batch batch;
  batch.symbols = Tensor({243, 5}, DType::kS32);
  for (int64_t code = 0; code < 243; ++code) {
    int64_t left = code;
    for (int64_t t = 0; t < 5; ++t, left /= 3)
      batch.symbols.data<int32_t>()[code * 5 + t] = static_cast<int32_t>(left % 3);
  }
  const std::vector<double> nll = b.model->nll(*b.parameters, batch);
  for (int64_t code = 0; code < 243; ++code) {
    auto state = constraint.start();
    std::string text;
    bool never = false;
    std::vector<constraints::Next> next;
    for (int64_t t = 0; t < 5; ++t) {
      const int32_t symbol = batch.symbols.data<int32_t>()[code * 5 + t];
      constraint.next(state, 5 - t, next);
      const auto kind = next[static_cast<size_t>(symbol)];
      never = kind == constraints::Next::kNever;
      if (kind != constraints::Next::kGoesOn) break;
      text.push_back(static_cast<char>('a' + symbol));
      state = constraint.after(state, symbol);
    }
    if (never) continue;
    law.texts[text] += std::exp(-nll[static_cast<size_t>(code)]);
    law.total += std::exp(-nll[static_cast<size_t>(code)]);
  }
  return law;
}

std::string text_of(const Sampler::Labelled& drawn, int64_t i) {
  std::string text;
  for (int64_t t = 0; t < drawn.lengths[static_cast<size_t>(i)]; ++t)
    text.push_back(static_cast<char>('a' + drawn.symbols.data<int32_t>()[i * 5 + t]));
  return text;
}

const std::vector<std::string> kPatterns = {"a(b|c)*a", "[ab]{2,4}c?", "(a|b)+", "abcab", "(ab|ba|c)*", "[abc]{5}"};

}  // namespace

TEST_CASE("exact samples of a constraint follow the model given it, and local ones say how likely they were made") {
  LanePool pool(2);
  for (const std::string kind : {"made", "sequence"}) {
    const Built b = kind == "made" ? mlrun::test::build("made", kData, {"hidden=[12]"})
                                   : mlrun::test::build("sequence", kData, {"width=8", "layers=1", "mixer.kind=gru"});
    const Sampler sampler(b.autoregressive(), *b.parameters);
    for (const std::string& regex : kPatterns) {
      const auto constraint = pattern(regex);
      const Law law = law_of(b, constraint);
      INFO(kind << " " << regex << ", of probability " << law.total);
      SampleOptions options{.count = 6000, .seed = 3, .constraint = &constraint};

      const auto local = sampler.draw_labelled(options, pool);
      const ConstraintProbability p = probability_of(local.log_allowed);
      CHECK(p.mean <= 1);
      CHECK(std::abs(p.mean - law.total) <= 4 * p.error + 1e-5);
      // A local sample's own probability, times what was allowed, is the model's.
      std::map<std::string, int64_t> counts;
      std::map<std::string, double> allowed;
      for (int64_t i = 0; i < options.count; ++i) {
        const std::string text = text_of(local, i);
        CHECK(law.texts.count(text) == 1);
        ++counts[text];
        allowed[text] = std::exp(local.log_allowed[static_cast<size_t>(i)]);
      }
      double local_total = 0;
      for (const auto& [text, count] : counts) {
        const double expected = law.texts.at(text) / allowed[text];
        local_total += expected;
        CHECK(std::abs(static_cast<double>(count) / 6000 - expected) < 5 * std::sqrt(expected / 6000) + 1e-3);
      }
      CHECK(local_total <= 1.0001);

      if (law.total < 5e-4) continue;
      options.count = 3000;
      const ExactDraw exact = draw_exactly(sampler, options, pool);
      CHECK(std::abs(3000.0 / static_cast<double>(exact.attempts) - law.total) < 0.1 * law.total + 0.02);
      std::map<std::string, int64_t> stayed;
      for (int64_t i = 0; i < 3000; ++i) ++stayed[text_of(exact.samples, i)];
      double chi_squared = 0, freedom = -1, rare = 0, rare_count = 0;
      for (const auto& [text, mass] : law.texts) {
        const double expected = 3000 * mass / law.total, count = static_cast<double>(stayed[text]);
        if (expected < 8) {
          rare += expected;
          rare_count += count;
          continue;
        }
        chi_squared += (count - expected) * (count - expected) / expected;
        ++freedom;
      }
      if (rare > 0.5) chi_squared += (rare_count - rare) * (rare_count - rare) / rare, ++freedom;
      INFO("chi-square " << chi_squared << " of " << freedom);
      if (freedom > 0)
        CHECK(chi_squared < freedom * std::pow(1 - 2 / (9 * freedom) + 3.09 * std::sqrt(2 / (9 * freedom)), 3));
    }
  }
}

TEST_CASE("constrained samples do not depend on threads, batches or how many are drawn") {
  const Built b = mlrun::test::build("sequence", kData, {"width=8", "layers=1", "mixer.kind=mamba"});
  const Sampler sampler(b.autoregressive(), *b.parameters);
  const auto constraint = pattern("(a|b)+c?");
  LanePool one(1), three(3);
  const auto all = sampler.draw_labelled({.count = 40, .seed = 6, .constraint = &constraint}, one);
  const auto few =
      sampler.draw_labelled({.count = 9, .seed = 6, .first = 20, .batch = 2, .constraint = &constraint}, three);
  for (int64_t i = 0; i < 9; ++i) {
    CHECK(text_of(all, 20 + i) == text_of(few, i));
    CHECK(all.log_allowed[static_cast<size_t>(20 + i)] == few.log_allowed[static_cast<size_t>(i)]);
  }
  const SampleOptions options{.count = 25, .seed = 6, .constraint = &constraint};
  const ExactDraw a = draw_exactly(sampler, options, one), c = draw_exactly(sampler, options, three);
  CHECK(a.attempts == c.attempts);
  CHECK(std::memcmp(a.samples.symbols.raw(), c.samples.symbols.raw(), a.samples.symbols.bytes()) == 0);
  // What is allowed anyway changes no sample.
  const auto anything = pattern("[abc]*");
  const auto free = sampler.draw({.count = 12, .seed = 6}, one);
  const auto bound = sampler.draw_labelled({.count = 12, .seed = 6, .constraint = &anything}, one);
  CHECK(std::memcmp(free.raw(), bound.symbols.raw(), free.bytes()) == 0);
}

TEST_CASE("a constraint that the model hardly ever meets is refused by the exact law, with the figure") {
  const DataSpec data{.shape = {40}, .alphabet = 3, .classes = 0};
  const Built b = mlrun::test::build("fvsbn", data, {});
  LanePool pool(2);
  const auto constraint = pattern("(ab){20}", 40);
  const Sampler sampler(b.autoregressive(), *b.parameters);
  std::string message;
  try {
    draw_exactly(sampler, {.count = 2, .seed = 1, .constraint = &constraint}, pool);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::kUsage);
    message = error.what();
  }
  INFO(message);
  CHECK(message.find("--law exact: the model gives the constraint a probability of about ") != std::string::npos);
  CHECK(message.find("\n  step by step, another law   --law local") != std::string::npos);
}

TEST_CASE("a mask's symbols are there, and the rest is the model's given those before") {
  const DataSpec data{.shape = {3, 3}, .alphabet = 2, .classes = 0};
  const Built b = mlrun::test::build("nade", data, {"hidden=8"});
  const constraints::Mask mask({-1, 1, -1, 0, -1, -1, 1, 1, -1}, 2);
  LanePool pool(2);
  const auto drawn =
      Sampler(b.autoregressive(), *b.parameters).draw_labelled({.count = 50, .seed = 2, .constraint = &mask}, pool);
  for (int64_t i = 0; i < 50; ++i) {
    const int32_t* s = drawn.symbols.data<int32_t>() + i * 9;
    CHECK(s[1] == 1);
    CHECK(s[3] == 0);
    CHECK(s[6] == 1);
    CHECK(s[7] == 1);
    CHECK(drawn.lengths[static_cast<size_t>(i)] == 9);
    CHECK(drawn.log_allowed[static_cast<size_t>(i)] < 0);
  }
}

TEST_CASE("a grammar that nests is followed as far as there is room") {
  const std::vector<int64_t> codes = {'(', ')', 'x'};
  const DataSpec data{.shape = {30}, .alphabet = 3, .classes = 0};
  const Built b = mlrun::test::build("made", data, {"hidden=[12]"});
  const constraints::Automaton nested(
      constraints::grammar_of_ebnf("all ::= one one*\none ::= '(' one* ')' | 'x'", "g", false), codes, 30, "g");
  LanePool pool(2);
  const auto drawn =
      Sampler(b.autoregressive(), *b.parameters).draw_labelled({.count = 300, .seed = 2, .constraint = &nested}, pool);
  bool deep = false;
  for (int64_t i = 0; i < 300; ++i) {
    int64_t depth = 0, deepest = 0;
    for (int64_t t = 0; t < drawn.lengths[static_cast<size_t>(i)]; ++t) {
      const int32_t s = drawn.symbols.data<int32_t>()[i * 30 + t];
      depth += s == 0 ? 1 : s == 1 ? -1 : 0;
      deepest = std::max(deepest, depth);
      CHECK(depth >= 0);
    }
    CHECK(depth == 0);
    deep = deep || deepest > 4;
  }
  CHECK(deep);
}
