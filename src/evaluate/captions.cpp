#include "evaluate/captions.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/log_sum_exp.hpp"
#include "generate/cursor.hpp"
#include "generate/draw.hpp"
#include "models/modelled.hpp"

namespace mlrun {
namespace {

constexpr int64_t kPasses = 100'000;

// A caption and a picture: an example, without an order.
struct Pair {
  int32_t caption = 0;
  std::vector<int32_t> picture;
};

class StreamLikelihoods {
 public:
  StreamLikelihoods(const AutoregressiveModel& model, const ParameterArena& parameters, const Dataset& data)
      : model_(model),
        parameters_(parameters),
        stream_(*data.caption_stream()),
        log_weights_(model.log_weights(parameters)) {
    for (const std::string& caption : data.captions()) {
      number_of_[caption] = static_cast<int32_t>(words_.size());
      words_.push_back(stream_.words_of(caption, "a caption"));
    }
    for (int64_t c = 0; c < model.components(); ++c) views_.push_back(model.step_view(parameters, c));
  }

  int64_t captions() const { return static_cast<int64_t>(words_.size()); }

  std::vector<Pair> pairs_of(const Batch& batch) const {
    std::vector<Pair> pairs;
    const auto length = static_cast<size_t>(batch.symbols.dim(1));
    for (int64_t i = 0; i < batch.count(); ++i) {
      CaptionStream::Reading reading =
          stream_.read({batch.symbols.data<int32_t>() + static_cast<size_t>(i) * length, length});
      const auto found = number_of_.find(reading.caption);
      require(found != number_of_.end(), "the caption '{}', which is none of the data's", reading.caption);
      pairs.push_back({found->second, std::move(reading.picture)});
    }
    return pairs;
  }

  // log p of whole streams in one order, and of what they begin with, through the border behind their first part or
  // without that border.
  struct LogP {
    std::vector<double> all, beginning;
  };
  LogP log_p(const std::vector<Pair>& pairs, bool picture_first, std::optional<int32_t> caption = std::nullopt) const {
    const auto n = static_cast<int64_t>(pairs.size());
    Batch batch;
    batch.symbols = Tensor({n, stream_.parts().positions()}, DType::kS32);
    int32_t* to = batch.symbols.data<int32_t>();
    for (const Pair& pair : pairs) {
      const auto length = static_cast<size_t>(stream_.parts().positions());
      stream_.join(words_[static_cast<size_t>(caption.value_or(pair.caption))], pair.picture, picture_first,
                   {to, length});
      to += length;
    }
    DataSpec second = model_.data();  // whose question is the first part
    second.given = 1 + (picture_first ? stream_.parts().picture : stream_.parts().words);
    LogP found;
    model_.in_pieces(n, [&](int64_t begin, int64_t end) {
      const Batch piece = batch.slice(begin, end);
      std::vector<std::vector<double>> all(static_cast<size_t>(end - begin)), beginning = all;
      for (int64_t c = 0; c < model_.components(); ++c) {
        Pass pass(parameters_);
        const Variable logits = model_.logits(pass, model_.ordered(piece, c), c);
        const Tensor whole = modelled_nll(logits, piece.symbols, model_.data()).value();
        const Tensor rest = modelled_nll(logits, piece.symbols, second).value();
        for (size_t i = 0; i < all.size(); ++i) {
          const double weight = log_weights_[static_cast<size_t>(c)];
          const auto of_all = static_cast<double>(whole.data<float>()[i]);
          all[i].push_back(weight - of_all);
          beginning[i].push_back(weight - of_all + static_cast<double>(rest.data<float>()[i]));
        }
      }
      for (size_t i = 0; i < all.size(); ++i) {
        found.all.push_back(log_sum_exp(all[i]));
        found.beginning.push_back(log_sum_exp(beginning[i]));
      }
    });
    return found;
  }

  // The likeliest caption with each picture, words first: a pass for each caption.
  std::vector<int32_t> named_by_passes(const std::vector<Pair>& pairs) const {
    std::vector<int32_t> best(pairs.size());
    std::vector<double> most(pairs.size(), -HUGE_VAL);
    for (int32_t k = 0; k < static_cast<int32_t>(words_.size()); ++k) {
      const std::vector<double> all = log_p(pairs, false, k).all;
      for (size_t i = 0; i < pairs.size(); ++i)
        if (all[i] > most[i]) most[i] = all[i], best[i] = k;
    }
    return best;
  }

  // The same, picture first: each picture is read once, and from there each caption.
  std::vector<int32_t> named_by_reading(const std::vector<Pair>& pairs) const {
    const auto n = static_cast<int64_t>(pairs.size());
    std::vector<std::vector<double>> log_p(words_.size() * pairs.size());  // [caption, picture], of each component
    std::vector<std::vector<int32_t>> beginnings;
    for (const Pair& pair : pairs) beginnings.push_back(stream_.beginning_with_picture(pair.picture));
    const std::vector<int32_t> beginning = by_position(beginnings);
    for (size_t c = 0; c < views_.size(); ++c) {
      Cursor cursor([&] { return views_[c]->begin(n); }, n, model_.data().alphabet);
      const std::vector<double> log_p_picture = observed(cursor, beginning, n);
      cursor.mark();
      for (size_t k = 0; k < words_.size(); ++k) {
        if (k > 0) cursor.rewind();
        const std::vector<int32_t> words = by_position(std::vector<std::vector<int32_t>>(pairs.size(), words_[k]));
        const std::vector<double> log_p_words = observed(cursor, words, n);
        for (size_t i = 0; i < pairs.size(); ++i)
          log_p[k * pairs.size() + i].push_back(log_weights_[c] + log_p_picture[i] + log_p_words[i]);
      }
    }
    std::vector<int32_t> best(pairs.size());
    std::vector<double> most(pairs.size(), -HUGE_VAL);
    for (size_t k = 0; k < words_.size(); ++k) {
      for (size_t i = 0; i < pairs.size(); ++i) {
        const double p = log_sum_exp(log_p[k * pairs.size() + i]);
        if (p > most[i]) most[i] = p, best[i] = static_cast<int32_t>(k);
      }
    }
    return best;
  }

 private:
  // Rows [n][length] as [length, n].
  static std::vector<int32_t> by_position(const std::vector<std::vector<int32_t>>& rows) {
    std::vector<int32_t> symbols;
    for (size_t t = 0; t < rows.front().size(); ++t) {
      for (const std::vector<int32_t>& row : rows) symbols.push_back(row[t]);
    }
    return symbols;
  }

  // Observes symbols [length, n]: log p of each row of them.
  std::vector<double> observed(Cursor& cursor, const std::vector<int32_t>& symbols, int64_t n) const {
    const int64_t alphabet = model_.data().alphabet, width = logits_per_step(alphabet);
    const int64_t length = static_cast<int64_t>(symbols.size()) / n;
    std::vector<float> logits(static_cast<size_t>(length * n * width));
    cursor.logits(logits.data());
    if (length > 1) cursor.extend(symbols.data(), length - 1, logits.data() + n * width);
    cursor.observe(symbols.data() + (length - 1) * n);
    std::vector<double> log_p(static_cast<size_t>(n));
    for (int64_t t = 0; t < length; ++t) {
      for (int64_t i = 0; i < n; ++i) {
        const auto law = probabilities(logits.data() + (t * n + i) * width, alphabet, {});
        log_p[static_cast<size_t>(i)] += std::log(law[static_cast<size_t>(symbols[static_cast<size_t>(t * n + i)])]);
      }
    }
    return log_p;
  }

  const AutoregressiveModel& model_;
  const ParameterArena& parameters_;
  const CaptionStream& stream_;
  std::vector<double> log_weights_;
  std::vector<std::vector<int32_t>> words_;  // of each caption
  std::map<std::string, int32_t> number_of_;
  std::vector<std::unique_ptr<StepView>> views_;  // by component
};

}  // namespace

FirstParts first_parts_of(const AutoregressiveModel& model, const ParameterArena& parameters) {
  require(model.data().parts.has_value(), "the parts of sequences that are no streams of two parts");
  if (!begins_in_stored_order(model, model.data().positions())) {
    fail(ExitCode::kUsage,
         "words and picture are read one after the other, and this model visits its positions in another order\n"
         "  the order of the data   model.order=raster, or a model.kind that has it");
  }
  FirstParts first;
  const std::vector<double> log_weights = model.log_weights(parameters);
  std::vector<float> logits(static_cast<size_t>(logits_per_step(model.data().alphabet)));
  for (int64_t c = 0; c < model.components(); ++c) {
    const std::unique_ptr<StepView> view = model.step_view(parameters, c);
    view->begin(1)->logits(logits.data());
    const std::vector<double> law = probabilities(logits.data(), model.data().alphabet, {});
    const double weight = std::exp(log_weights[static_cast<size_t>(c)]);
    first.words += weight * law[static_cast<size_t>(model.data().parts->words_border)];
    first.picture += weight * law[static_cast<size_t>(model.data().parts->picture_border)];
  }
  return first;
}

CaptionLikelihoods caption_likelihoods(const AutoregressiveModel& model, const ParameterArena& parameters,
                                       const Dataset& data, Split split, std::optional<int64_t> named,
                                       const EvaluateOptions& options, LanePool& pool) {
  const FirstParts begins = first_parts_of(model, parameters);
  const StreamLikelihoods streams(model, parameters, data);
  CaptionLikelihoods all;
  const int64_t count = options.limit ? std::min(*options.limit, data.count(split)) : data.count(split);
  all.captions = streams.captions();
  all.named = std::min(count, named.value_or(std::max<int64_t>(1, kPasses / all.captions)));
  const auto size = static_cast<size_t>(count);
  all.pair.resize(size);
  const auto order_of = [&](double p) {
    const std::vector<double> empty(size);
    return p > FirstParts::kSeldom ? std::optional<OrderLikelihoods>({empty, empty, empty}) : std::nullopt;
  };
  all.words_first = order_of(begins.words);
  all.picture_first = order_of(begins.picture);
  for_batches(data, split, options, pool, [&](std::span<const int64_t> rows, const Batch& batch) {
    const std::vector<Pair> pairs = streams.pairs_of(batch);
    const auto at = [&](size_t i) { return static_cast<size_t>(rows[i]); };
    std::vector<Pair> to_name;
    for (size_t i = 0; i < rows.size() && rows[i] < all.named; ++i) to_name.push_back(pairs[i]);
    std::vector<std::vector<double>> orders(pairs.size());
    for (const bool picture_first : {false, true}) {
      auto& order = picture_first ? all.picture_first : all.words_first;
      if (!order) continue;
      const StreamLikelihoods::LogP log_p = streams.log_p(pairs, picture_first);
      const double begun = std::log(picture_first ? begins.picture : begins.words);
      for (size_t i = 0; i < pairs.size(); ++i) {
        orders[i].push_back(log_p.all[i]);
        order->first[at(i)] = begun - log_p.beginning[i];
        order->second[at(i)] = log_p.beginning[i] - log_p.all[i];
      }
      if (to_name.empty()) continue;
      const std::vector<int32_t> names =
          picture_first ? streams.named_by_reading(to_name) : streams.named_by_passes(to_name);
      for (size_t i = 0; i < names.size(); ++i) order->right[at(i)] = names[i] == to_name[i].caption ? 1 : 0;
    }
    for (size_t i = 0; i < pairs.size(); ++i) all.pair[at(i)] = -log_sum_exp(orders[i]);
  });
  share_figures(data, split, options, all.pair);
  for (auto* order : {&all.words_first, &all.picture_first}) {
    if (!*order) continue;
    for (auto* figure : {&(*order)->first, &(*order)->second, &(*order)->right})
      share_figures(data, split, options, *figure);
    (*order)->right.resize(static_cast<size_t>(all.named));
  }
  return all;
}

}  // namespace mlrun
