#include "evaluate/bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <queue>

#include "base/log_sum_exp.hpp"

namespace mlrun {
namespace {

using Ranking = std::vector<int32_t>;  // of each position: which of its alternatives, 0 the best

// Enumerates maps of codes without repetition, the map of the smallest total cost first.
//
// Every position ranks its codes by cost. The successors of a map are: its last position that does not have its cheapest
// code takes the next one of its ranking; or one of the positions after it takes its second cheapest. Each map but the
// first is the successor of exactly one map, which costs no more, so a priority queue of successors yields all in order.
class MapSearch {
 public:
  // costs [positions, alphabet]
  MapSearch(const float* costs, int64_t positions, int64_t alphabet) : costs_(costs), alphabet_(alphabet) {
    for (int64_t p = 0; p < positions; ++p) {
      std::vector<int32_t> order(static_cast<size_t>(alphabet));
      std::iota(order.begin(), order.end(), 0);
      const float* of = costs + p * alphabet;
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return of[a] < of[b]; });
      orders_.push_back(std::move(order));
    }
    push(Ranking(static_cast<size_t>(positions), 0));
  }

  // The next map, as codes; false when there is none left.
  bool next(int32_t* codes) {
    if (open_.empty()) return false;
    const Ranking ranks = open_.top().second;
    open_.pop();
    size_t last = 0;
    for (size_t p = 0; p < ranks.size(); ++p) {
      codes[p] = orders_[p][static_cast<size_t>(ranks[p])];
      if (ranks[p] > 0) last = p;
    }
    for (size_t p = last; p < ranks.size(); ++p) {
      if (ranks[p] + 1 >= alphabet_) continue;
      Ranking child = ranks;
      ++child[p];
      push(std::move(child));
    }
    return true;
  }

 private:
  void push(Ranking ranks) {
    double cost = 0;
    for (size_t p = 0; p < ranks.size(); ++p) {
      cost +=
          static_cast<double>(costs_[static_cast<int64_t>(p) * alphabet_ + orders_[p][static_cast<size_t>(ranks[p])]]);
    }
    open_.emplace(cost, std::move(ranks));
  }

  using Entry = std::pair<double, Ranking>;
  const float* costs_;
  int64_t alphabet_;
  std::vector<std::vector<int32_t>> orders_;  // [position][rank]
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open_;
};

// The same image n times: s32 [n, positions].
Tensor repeated(const Tensor& image, int64_t n) {
  const int64_t d = image.count();
  Tensor all({n, d}, DType::kS32);
  for (int64_t i = 0; i < n; ++i) std::copy_n(image.data<int32_t>(), d, all.data<int32_t>() + i * d);
  return all;
}

// One image, and the code maps whose p(z) p(x|z) is summed for it.
class MapSum {
 public:
  MapSum(const Autoencoder& autoencoder, const Model& prior, const ParameterArena& prior_parameters,
         const Tensor& image, const Tensor& own, double total)
      : autoencoder_(autoencoder),
        prior_(prior),
        prior_parameters_(prior_parameters),
        image_(image),
        own_(own.data<int32_t>(), own.data<int32_t>() + own.count()),
        totals_{total} {}

  // costs [positions, alphabet]: how much farther from the encoding each replacement is.
  void add(const float* costs, int64_t alphabet, int64_t maps) {
    const size_t width = own_.size(), k = static_cast<size_t>(alphabet);
    std::vector<size_t> singles;  // position * alphabet + code
    for (size_t j = 0; j < width * k; ++j) {
      if (static_cast<int32_t>(j % k) != own_[j / k]) singles.push_back(j);
    }
    std::stable_sort(singles.begin(), singles.end(), [&](size_t a, size_t b) { return costs[a] < costs[b]; });
    singles.resize(std::min(singles.size(), static_cast<size_t>(std::max<int64_t>(1, maps / 2))));
    std::vector<int32_t> found;
    for (const size_t j : singles) {
      const size_t begin = found.size();
      found.insert(found.end(), own_.begin(), own_.end());
      found[begin + j / k] = static_cast<int32_t>(j % k);
    }
    evaluate(found);
    // What is known of each replacement: its exact effect.
    std::vector<float> effects(width * k, std::numeric_limits<float>::infinity());
    for (size_t p = 0; p < width; ++p) effects[p * k + static_cast<size_t>(own_[p])] = 0.0f;
    for (size_t s = 0; s < singles.size(); ++s) effects[singles[s]] = static_cast<float>(totals_[1 + s] - totals_[0]);
    found.clear();
    MapSearch search(effects.data(), static_cast<int64_t>(width), alphabet);
    std::vector<int32_t> one(width);
    while (totals_.size() + found.size() / width < static_cast<size_t>(maps) && search.next(one.data())) {
      if (!known(one, effects, k)) found.insert(found.end(), one.begin(), one.end());
    }
    evaluate(found);
  }

  double total() const {
    std::vector<double> log_p;
    for (const double t : totals_) log_p.push_back(-t);
    return -log_sum_exp(log_p);
  }

 private:
  // The own map, or one replacement that was evaluated already.
  bool known(const std::vector<int32_t>& map, const std::vector<float>& effects, size_t alphabet) const {
    int replaced = 0;
    bool finite = true;
    for (size_t p = 0; p < map.size(); ++p) {
      if (map[p] == own_[p]) continue;
      ++replaced;
      finite = finite && std::isfinite(effects[p * alphabet + static_cast<size_t>(map[p])]);
    }
    return replaced == 0 || (replaced == 1 && finite);
  }

  void evaluate(const std::vector<int32_t>& found) {
    constexpr int64_t kAtOnce = 64;
    const auto width = static_cast<int64_t>(own_.size()), count = static_cast<int64_t>(found.size()) / width;
    if (count == 0) return;
    const Tensor all = Tensor::of({count, width}, found);
    for (int64_t begin = 0; begin < count; begin += kAtOnce) {
      const Tensor maps = all.rows(begin, std::min(count, begin + kAtOnce));
      const std::vector<double> z = prior_.likelihoods(prior_parameters_, {maps, {}}).x;
      const std::vector<double> x = autoencoder_.nll(repeated(image_, maps.dim(0)), maps);
      for (size_t i = 0; i < z.size(); ++i) totals_.push_back(z[i] + x[i]);
    }
  }

  const Autoencoder& autoencoder_;
  const Model& prior_;
  const ParameterArena& prior_parameters_;
  Tensor image_;
  std::vector<int32_t> own_;
  std::vector<double> totals_;  // -log p(z) p(x|z) of each map, the own one first
};

// Of images whose encoder draws its codes: `count` draws each.
Bounds drawn_bounds(const Autoencoder& autoencoder, const Model& prior, const ParameterArena& prior_parameters,
                    const Tensor& symbols, int64_t count) {
  const auto n = static_cast<size_t>(symbols.dim(0));
  Bounds bounds;
  std::vector<std::vector<double>> log_weights(n);  // log p(x|z) p(z) / q(z|x)
  for (int64_t k = 0; k < count; ++k) {
    Encoding drawn = autoencoder.encode(symbols, static_cast<uint64_t>(k));
    std::vector<double> x = autoencoder.nll(symbols, drawn.codes);
    std::vector<double> z = prior.likelihoods(prior_parameters, {drawn.codes, {}}).x;
    for (size_t i = 0; i < n; ++i) log_weights[i].push_back(-x[i] - z[i] - drawn.log_q[i]);
    if (k > 0) continue;
    bounds.reconstruction = std::move(x);
    bounds.prior = std::move(z);
    bounds.posterior = std::move(drawn.log_q);
  }
  for (const std::vector<double>& of_image : log_weights)
    bounds.total.push_back(std::log(static_cast<double>(count)) - log_sum_exp(of_image));
  return bounds;
}

// -log p(x|z') + log p(x|z) of every image, z its codes and z' those of the next image of the batch.
std::vector<double> carried_by_codes(const Autoencoder& autoencoder, const Tensor& symbols, const Tensor& codes,
                                     const std::vector<double>& own) {
  const int64_t n = codes.dim(0);
  Tensor others({n, codes.dim(1)}, DType::kS32);
  for (int64_t i = 0; i < n; ++i) others.rows(i, i + 1).copy_from(codes.rows((i + 1) % n, (i + 1) % n + 1));
  std::vector<double> carried = autoencoder.nll(symbols, others);
  for (size_t i = 0; i < carried.size(); ++i) carried[i] -= own[i];
  return carried;
}

}  // namespace

Bounds bounds_of(const Autoencoder& autoencoder, const Model& prior, const ParameterArena& prior_parameters,
                 const Tensor& symbols, const Tensor& codes, int64_t maps) {
  const CodeModel& model = autoencoder.model();
  Bounds bounds;
  if (model.draws_codes()) {
    bounds = drawn_bounds(autoencoder, prior, prior_parameters, symbols, maps);
  } else {
    bounds.reconstruction = autoencoder.nll(symbols, codes);
    bounds.prior = prior.likelihoods(prior_parameters, {codes, {}}).x;
    for (size_t i = 0; i < bounds.prior.size(); ++i) bounds.total.push_back(bounds.reconstruction[i] + bounds.prior[i]);
  }
  if (model.sees_pixels()) bounds.carried = carried_by_codes(autoencoder, symbols, codes, bounds.reconstruction);
  if (maps <= 1 || model.draws_codes()) return bounds;
  const DataSpec map = model.codes();
  for (size_t i = 0; i < bounds.total.size(); ++i) {
    const auto at = static_cast<int64_t>(i);
    const Tensor image = symbols.rows(at, at + 1), own = codes.rows(at, at + 1);
    MapSum sum(autoencoder, prior, prior_parameters, image, own, bounds.total[i]);
    sum.add(model.replacement_costs(autoencoder.parameters(), image, own).data<float>(), map.alphabet, maps);
    bounds.total[i] = sum.total();
  }
  return bounds;
}

Bounds bounds_of(const TrainedModel& prior, const CodesDataset& data, Split split, const EvaluateOptions& options,
                 int64_t maps, LanePool& pool) {
  const CodeModel& model = data.autoencoder().model();
  EvaluateOptions pieces = options;
  if (maps > 1 && !model.draws_codes()) pieces.batch_size = std::min<int64_t>(options.batch_size, 10);
  const int64_t count = std::min(data.count(split), options.limit.value_or(data.count(split)));
  Bounds all;
  std::vector<std::vector<double> Bounds::*> figures = {&Bounds::reconstruction, &Bounds::prior, &Bounds::total};
  if (model.draws_codes()) figures.push_back(&Bounds::posterior);
  if (model.sees_pixels()) figures.push_back(&Bounds::carried);
  for (const auto figure : figures) (all.*figure).resize(static_cast<size_t>(count));
  for_batches(data, split, pieces, pool, [&](std::span<const int64_t> rows, const Batch& codes) {
    const Bounds part = bounds_of(data.autoencoder(), *prior.built.model, *prior.built.parameters,
                                  data.images().batch(split, rows, 0).symbols, codes.symbols, maps);
    for (const auto figure : figures)
      std::copy((part.*figure).begin(), (part.*figure).end(), (all.*figure).begin() + rows[0]);
  });
  for (const auto figure : figures) share_figures(data, split, pieces, all.*figure);
  return all;
}

}  // namespace mlrun
