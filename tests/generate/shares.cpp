// Samples that ranks share out are those of one, for every model and every way to draw.
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "constraints/automaton.hpp"
#include "constraints/regex.hpp"
#include "generate/completion.hpp"
#include "generate/constrained.hpp"
#include "generate/sampler.hpp"
#include "models/battery.hpp"
#include "ranks/thread_ranks.hpp"
#include "streams.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// What every rank ends with.
template <class T>
std::vector<T> of_ranks(int size, const std::function<T(Ranks&, LanePool&)>& work) {
  std::vector<T> found(static_cast<size_t>(size));
  ThreadRanks::run(size, [&](Ranks& ranks) {
    LanePool pool(1);
    found[static_cast<size_t>(ranks.rank())] = work(ranks, pool);
  });
  return found;
}

bool same(const Sampler::Labelled& a, const Sampler::Labelled& b) {
  return equal(a.symbols, b.symbols) && a.labels == b.labels && a.lengths == b.lengths &&
         a.log_allowed == b.log_allowed && a.speculation.symbols == b.speculation.symbols &&
         a.speculation.stretches == b.speculation.stretches && a.speculation.kept == b.speculation.kept &&
         a.speculation.draft_cost == b.speculation.draft_cost;
}

// By 1 to 4 ranks, the same as by one process.
void check_shared(const Sampler& sampler, const SampleOptions& options) {
  LanePool pool(2);
  const Sampler::Labelled alone = sampler.draw_labelled(options, pool);
  for (int size = 1; size <= 4; ++size) {
    const auto found = of_ranks<Sampler::Labelled>(size, [&](Ranks& ranks, LanePool& own) {
      return sampler.draw_labelled({.count = options.count,
                                    .seed = options.seed,
                                    .law = options.law,
                                    .first = options.first,
                                    .batch = options.batch,
                                    .labels = options.labels,
                                    .prefix = options.prefix,
                                    .length = options.length,
                                    .draft = options.draft,
                                    .constraint = options.constraint,
                                    .stop = options.stop,
                                    .ranks = ranks},
                                   own);
    });
    INFO(size << " ranks");
    for (const Sampler::Labelled& of_rank : found) CHECK(same(of_rank, alone));
  }
}

}  // namespace

TEST_CASE("every registered model's samples are shared out: of any number of ranks those of one process") {
  for (const Case& c : all_cases({3, 4})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 3);
    INFO(name_of(c));
    check_shared(Sampler(b.autoregressive(), *b.parameters), {.count = 11, .seed = 4, .first = 2, .batch = 3});
  }
}

TEST_CASE("samples of asked classes, of a prefix each, with stops, drafts and constraints are shared out") {
  const DataSpec classes = {.shape = {3, 4}, .alphabet = 2, .classes = 3};
  const Built joint = build("nade", classes, {"hidden=8", "condition=joint"});
  wander(joint, classes, 3);
  const Sampler conditional(joint.autoregressive(), *joint.parameters);
  check_shared(conditional, {.count = 7, .labels = {2, 0, 1, 1, 0, 2, 2}});
  check_shared(conditional, {.count = 3, .labels = {1}});
  // A class is drawn given what is known of a sample, of which each has its own.
  check_shared(conditional,
               {.count = 5, .prefix = Tensor::of({5, 2}, std::vector<int32_t>{0, 0, 0, 1, 1, 0, 1, 1, 0, 1})});
  const DataSpec text = {.shape = {12}, .alphabet = 4, .classes = 0};
  const Built b = build("sequence", text, {"width=8", "layers=1", "mixer.kind=mamba"});
  const Built other = build("sequence", text, {"width=4", "layers=1", "mixer.kind=gru"});
  for (const Built* each : {&b, &other}) wander(*each, text, 3);
  const Sampler sampler(b.autoregressive(), *b.parameters);
  check_shared(sampler, {.count = 9, .length = 20, .stop = {1, 2}});
  check_shared(sampler, {.count = 6,
                         .prefix = Tensor::of({1, 2}, std::vector<int32_t>{3, 0}),
                         .draft = {.model = &other.autoregressive(), .parameters = other.parameters.get()}});
  // Fewer samples than ranks.
  check_shared(sampler, {.count = 2, .seed = 8});
  const constraints::Automaton constraint(constraints::grammar_of_regex("(a|b)+c?", "--match", false),
                                          {'a', 'b', 'c', 'd'}, 12, "--match");
  check_shared(sampler, {.count = 8, .constraint = &constraint});
  LanePool pool(1);
  const ExactDraw alone = draw_exactly(sampler, {.count = 5, .constraint = &constraint}, pool);
  for (const ExactDraw& found : of_ranks<ExactDraw>(3, [&](Ranks&ranks, LanePool&own) {
         return draw_exactly(sampler, {.count = 5, .constraint = &constraint, .ranks = ranks}, own);
       })) {
    CHECK(found.attempts == alone.attempts);
    CHECK(same(found.samples, alone.samples));
  }
}

TEST_CASE("completions are shared out, whatever is drawn before them") {
  const DataSpec data = {.shape = {3, 4}, .alphabet = 2, .classes = 3};
  for (const auto& [kind, overrides] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"made", {"hidden=8", "masks=3", "condition=class"}}, {"eonade", {"hidden=8", "orders=3"}}}) {
    const Built b = build(kind, data, overrides);
    wander(b, data, 3);
    INFO(kind);
    const Region region = region_named("top", data, {});
    const Completer completer(b.autoregressive(), *b.parameters, region);
    const Tensor images = random_batch(data, 5, 4).symbols;
    const std::vector<int64_t> numbers = {3, 8, 9, 20, 21};
    LanePool pool(2);
    const Tensor alone = completer.draw(images, numbers, {}, {.per_image = 3, .seed = 2, .batch = 4}, pool);
    for (int size = 2; size <= 4; ++size) {
      for (const Tensor& found : of_ranks<Tensor>(size, [&](Ranks&ranks, LanePool&own) {
             return completer.draw(images, numbers, {}, {.per_image = 3, .seed = 2, .batch = 4, .ranks = ranks}, own);
           }))
        CHECK(equal(found, alone));
    }
  }
}
