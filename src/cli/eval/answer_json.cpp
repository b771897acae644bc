#include "cli/eval/answer_json.hpp"

#include <cmath>
#include <utility>

namespace mlrun::cli {
namespace {

void add_data(nlohmann::ordered_json& answer, const EvaluatedData& data) {
  answer["data"] = data.description;
  answer["other_data"] = data.other;
  if (data.other) answer["trained_on"] = data.trained_on;
}

void add_captions(nlohmann::ordered_json& answer, const CaptionEvaluation& captions) {
  const auto add = [&](const std::string& key, const Evaluation& figure) {
    answer[key] = figure.nll;
    answer[key + "_se"] = figure.nll_se;
  };
  answer["captions"] = captions.captions;
  answer["named"] = captions.named;
  add("nll_words_and_picture", captions.pair);
  if (const auto& order = captions.words_first) {
    add("nll_words", order->first);
    add("nll_picture_given_words", order->second);
    add("accuracy_words_first", order->right);
  }
  if (const auto& order = captions.picture_first) {
    add("nll_picture", order->first);
    add("nll_words_given_picture", order->second);
    add("accuracy_picture_first", order->right);
  }
}

}  // namespace

double images_per_second(const EvalOutcome& e) {
  return static_cast<double>(e.result.count) * static_cast<double>(e.draws.size()) / e.result.seconds;
}

double perplexity_per_char(const EvalOutcome& e) { return std::exp(e.nats_per_dimension); }

nlohmann::ordered_json json_of(const EvalOutcome& e, const std::string& split) {
  nlohmann::ordered_json answer = {{"run", e.run},          {"checkpoint", e.checkpoint}, {"step", e.step},
                                   {"split", split},        {"protocol", e.protocol},     {"count", e.result.count},
                                   {"nll", e.result.nll},   {"nll_se", e.result.nll_se},  {"bpd", e.result.bpd},
                                   {"bound", e.is_bound()}, {"components", e.components}};
  add_data(answer, e.data);
  if (e.bound) {
    for (const auto& [key, figure] :
         {std::pair{"nll_reconstruction", &e.bound->reconstruction}, std::pair{"nll_prior", &e.bound->prior}}) {
      answer[key] = figure->nll;
      answer[std::string(key) + "_se"] = figure->nll_se;
    }
    if (e.bound->posterior) answer["log_posterior"] = e.bound->posterior->nll;
    if (e.bound->carried) answer["nats_carried_by_codes"] = e.bound->carried->nll;
    answer["code_maps"] = e.bound->maps;
  }
  if (e.nll_of != NllSubject::kX) answer["nll_of"] = words_of(e.nll_of);
  if (e.code_use) {
    for (const auto& [column, value] : e.code_use->columns()) answer[column] = value;
  }
  if (e.experts) {
    answer["experts"] = {
        {"examples", e.experts->examples}, {"effective", e.experts->effective()}, {"shares", e.experts->shares()}};
  }
  if (e.classes > 0) answer["classes"] = e.classes;
  if (e.labelled) {
    for (const auto& [key, figure] :
         {std::pair{"nll_xy", &e.labelled->xy}, std::pair{"nll_x_given_y", &e.labelled->x_given_y}}) {
      answer[key] = figure->nll;
      answer[std::string(key) + "_se"] = figure->nll_se;
    }
  }
  if (e.accuracy) {
    answer["accuracy"] = e.accuracy->nll;
    answer["accuracy_se"] = e.accuracy->nll_se;
  }
  if (e.captions) add_captions(answer, *e.captions);
  if (e.dimension == "char") {
    answer["nats_per_char"] = e.nats_per_dimension;
    answer["perplexity_per_char"] = perplexity_per_char(e);
  }
  if (e.draws.size() > 1) {
    answer["draws"] = e.draws;
    answer["draws_se"] = e.draws_se;
  }
  answer["seconds"] = e.result.seconds;
  answer["images_per_s"] = images_per_second(e);
  return answer;
}

nlohmann::ordered_json json_of(const RegionOutcome& e, const std::string& region, const std::string& split) {
  nlohmann::ordered_json answer = {{"run", e.run},
                                   {"checkpoint", e.checkpoint},
                                   {"step", e.step},
                                   {"split", split},
                                   {"protocol", e.protocol},
                                   {"count", e.result.count},
                                   {"region", region},
                                   {"known", e.known},
                                   {"unknown", e.unknown},
                                   {"nll", e.result.nll},
                                   {"nll_se", e.result.nll_se},
                                   {"nll_per_unknown", e.result.nll / static_cast<double>(e.unknown)},
                                   {"components", e.components}};
  if (e.labelled) {
    answer["nll_given_label"] = e.labelled->nll;
    answer["nll_given_label_se"] = e.labelled->nll_se;
  }
  add_data(answer, e.data);
  answer["seconds"] = e.result.seconds;
  return answer;
}

nlohmann::ordered_json json_of(const ConstraintOutcome& e, const std::string& constraint) {
  return {{"checkpoint", e.checkpoint},
          {"step", e.step},
          {"constraint", constraint},
          {"length", e.length},
          {"draws", e.probability.draws},
          {"probability", e.probability.mean},
          {"probability_se", e.probability.error},
          {"nll", -std::log(e.probability.mean)},
          {"seconds", e.seconds}};
}

}  // namespace mlrun::cli
