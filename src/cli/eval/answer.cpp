#include "cli/eval/answer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "cli/eval/answer_json.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

void print_other_data(const EvaluatedData& data) {
  if (!data.other) return;
  print_wrapped(fmt::format("on other data than it was trained on: {}{}", data.description,
                            data.trained_on.empty() ? "" : "; trained on " + data.trained_on));
}

// In nats, with the standard error.
std::string nats(const Evaluation& figure) {
  return std::isnan(figure.nll) ? "NaN" : fmt::format("{:.3f} +- {:.3f}", figure.nll, figure.nll_se);
}

// The two parts of a bound, in the unit of the images.
void print_bound(const BoundParts& bound) {
  TextTable table({"part", "nll (nats)", "bits/dim", ""});
  table.add({"reconstruction", nats(bound.reconstruction), fmt::format("{:.4f}", bound.reconstruction.bpd),
             "-log p(x|z), z the codes of x"});
  table.add({"prior", nats(bound.prior), fmt::format("{:.4f}", bound.prior.bpd), "-log p(z)"});
  if (bound.posterior) {
    table.add({"posterior", nats(*bound.posterior), fmt::format("{:.4f}", bound.posterior->bpd),
               "log q(z|x), given back: z is drawn from q"});
  }
  print_fitting(table);
  if (bound.posterior) {
    print_wrapped(bound.maps > 1
                      ? fmt::format("an upper bound on -log p(x): importance weights of {} draws of z", bound.maps)
                      : "their sum is an upper bound on -log p(x), the ELBO; --codes K weighs K draws");
  } else {
    print_wrapped(bound.maps > 1
                      ? fmt::format("an upper bound on -log p(x): p(z) p(x|z) summed over {} code maps", bound.maps)
                      : "their sum is an upper bound on -log p(x); --codes K sums over K code maps");
  }
  if (bound.carried) {
    print_wrapped(fmt::format(
        "the codes carry {:.3f} +- {:.3f} nats of the pixels: so much worse are they known by another image's codes",
        bound.carried->nll, bound.carried->nll_se));
  }
}

// What a model of captions and pictures knows of one given the other.
void print_captions(const CaptionEvaluation& captions) {
  TextTable table({"of", "nll (nats)", ""});
  table.add({"words and picture", nats(captions.pair), "in either order: -log of the sum of both"});
  const auto& words_first = captions.words_first;
  const auto& picture_first = captions.picture_first;
  if (words_first) table.add({"picture given words", nats(words_first->second), "words first"});
  if (picture_first) table.add({"words given picture", nats(picture_first->second), "picture first"});
  if (words_first) table.add({"words", nats(words_first->first), "words first"});
  if (picture_first) table.add({"picture", nats(picture_first->first), "picture first"});
  print_fitting(table);
  const auto share = [](const Evaluation& right) {
    return fmt::format("{:.2f}% +- {:.2f}%", 100 * right.nll, 100 * right.nll_se);
  };
  fmt::print("named right among {} captions, of {} images:", captions.captions, captions.named);
  if (words_first) fmt::print(" {} by Bayes' rule, words first", share(words_first->right));
  if (words_first && picture_first) fmt::print(";");
  if (picture_first) fmt::print(" {} by the likeliest words, picture first", share(picture_first->right));
  fmt::print("\n");
}

// What a conditional model says besides -log p(x), and what one draw says.
void print_more(const EvalOutcome& e) {
  if (e.components > 1) fmt::print("a mixture of {}\n", e.components);
  if (e.classes > 0) {
    TextTable table({"of", "nll (nats)", ""});
    table.add({"x", nats(e.result), fmt::format("-log sum over {} classes y of p(y) p(x|y)", e.classes)});
    if (e.labelled) {
      table.add({"x, y", nats(e.labelled->xy), "the label is part of it"});
      table.add({"x given y", nats(e.labelled->x_given_y), "the label is known"});
    }
    print_fitting(table);
  }
  if (e.accuracy) {
    fmt::print("accuracy {:.2f}% +- {:.2f}% ({})\n", 100 * e.accuracy->nll, 100 * e.accuracy->nll_se, e.accuracy_of);
  }
  if (e.captions) print_captions(*e.captions);
  if (e.bound) print_bound(*e.bound);
  if (e.code_use) {
    if (e.code_use->rates.empty()) {
      print_wrapped("reconstruction alone, without what the codes cost: no bound on -log p(x)");
    } else {
      fmt::print(
          "an upper bound on -log p(x) by stage one's own prior: reconstruction {:.3f} and rate {:.3f}; a prior of its "
          "codes tightens it\n",
          e.result.nll - e.code_use->rate(), e.code_use->rate());
    }
    print_wrapped(fmt::format("{} of {} codes used, perplexity {:.1f}, quantization error {:.4g}", e.code_use->used(),
                              e.code_use->codes(), e.code_use->perplexity(), e.code_use->quantization_error));
  }
  if (e.experts) {
    fmt::print("{} (of {} examples); of each block, what share of its positions an expert has:\n", e.experts->summary(),
               e.experts->examples);
    const std::vector<std::vector<double>> shares = e.experts->shares();
    for (size_t b = 0; b < shares.size(); ++b) {
      std::string each;
      for (const double share : shares[b]) each += fmt::format(" {:4.1f}%", 100 * share);
      fmt::print("  block {:<3}{}\n", b + 1, each);
    }
    if (const std::string warning = e.experts->warning(); !warning.empty()) log::warning("{}", warning);
  }
  if (e.draws.size() > 1) {
    std::string each;
    for (const double nll : e.draws) each += fmt::format(" {:.3f}", nll);
    print_wrapped(
        fmt::format("{} draws:{}; mean {:.3f} +- {:.3f} over draws", e.draws.size(), each, e.result.nll, e.draws_se));
  }
}

}  // namespace

void print_answer(const EvalOutcome& e, const std::string& split, const Globals& globals) {
  if (globals.json) {
    fmt::print("{}\n", io::json_line(json_of(e, split)));
    return;
  }
  const bool text = e.dimension == "char";
  std::vector<std::string> headings = {"split", e.of_images ? "images" : "sequences", "nll (nats)"};
  std::vector<std::string> cells = {split, fmt::format("{}", e.result.count),
                                    (e.is_bound() ? "<= " : "") + nats(e.result)};
  if (text) {
    headings.emplace_back("nats/char");
    cells.push_back(fmt::format("{:.4f}", e.nats_per_dimension));
  }
  headings.push_back("bits/" + e.dimension);
  cells.push_back(fmt::format("{:.4f}", e.result.bpd));
  if (text) {
    headings.emplace_back("perplexity");
    cells.push_back(fmt::format("{:.4f}", perplexity_per_char(e)));
  }
  headings.insert(headings.end(), {e.of_images ? "img/s" : "seq/s", "protocol", "step"});
  cells.insert(cells.end(), {human_rate(images_per_second(e)), e.protocol, fmt::format("{}", e.step)});
  TextTable table(headings);
  table.add(cells);
  const std::vector<std::string> left_out = print_fitting(
      table, {"protocol", text ? "seq/s" : "img/s", "step", "images", "sequences", "bits/" + e.dimension});
  if (!left_out.empty()) print_wrapped(e.protocol);  // no figure goes without it
  print_other_data(e.data);
  if (e.nll_of != NllSubject::kX && !e.code_use) fmt::print("the NLL is of {}\n", words_of(e.nll_of));
  print_more(e);
}

void print_answers(const std::vector<EvalOutcome>& answers, const std::string& split) {
  const auto any = [&](const auto& has) { return std::any_of(answers.begin(), answers.end(), has); };
  const bool judged = any([](const EvalOutcome& e) { return e.accuracy.has_value(); });
  const bool protocols = any([&](const EvalOutcome& e) { return e.protocol != answers[0].protocol; });
  std::vector<std::string> headings = {"run", "images", "nll (nats)", "bits/dim"};
  if (judged) headings.emplace_back("accuracy");
  headings.emplace_back("step");
  if (protocols) headings.emplace_back("protocol");
  TextTable table(headings);
  for (const EvalOutcome& e : answers) {
    std::vector<std::string> cells = {e.run.substr(e.run.rfind('/') + 1), fmt::format("{}", e.result.count),
                                      (e.is_bound() ? "<= " : "") + nats(e.result),
                                      fmt::format("{:.4f}", e.result.bpd)};
    if (judged) cells.push_back(e.accuracy ? fmt::format("{:.2f}%", 100 * e.accuracy->nll) : "-");
    cells.push_back(fmt::format("{}", e.step));
    if (protocols) cells.push_back(e.protocol);
    table.add(cells);
  }
  print_fitting(table, {"images", "step", "bits/dim", "protocol"});
  print_wrapped(fmt::format("of {}{}", split, protocols ? "" : ", " + answers[0].protocol));
  if (any([&](const EvalOutcome& e) { return e.nll_of != answers[0].nll_of; }))
    print_wrapped("these NLLs are of different things: compare them with care, and see each alone");
  for (const EvalOutcome& e : answers) print_other_data(e.data);
}

void print_answer(const RegionOutcome& e, const std::string& region, const std::string& split, const Globals& globals) {
  if (globals.json) {
    fmt::print("{}\n", io::json_line(json_of(e, region, split)));
    return;
  }
  TextTable table({"split", "images", "known", "pixels", "unknown", "nll (nats)", "per unknown", "protocol", "step"});
  const auto add = [&](const std::string& known, const Evaluation& figure) {
    table.add({split, fmt::format("{}", figure.count), known, fmt::format("{}", e.known), fmt::format("{}", e.unknown),
               nats(figure), fmt::format("{:.4f}", figure.nll / static_cast<double>(e.unknown)), e.protocol,
               fmt::format("{}", e.step)});
  };
  add(region, e.result);
  if (e.labelled) add(region + ", label", *e.labelled);
  print_fitting(table);
  print_other_data(e.data);
  if (e.components > 1) fmt::print("a mixture of {}\n", e.components);
}

void print_answer(const ConstraintOutcome& e, const std::string& constraint, const Globals& globals) {
  const double log_p = std::log(e.probability.mean), relative = e.probability.error / e.probability.mean;
  if (globals.json) {
    fmt::print("{}\n", io::json_line(json_of(e, constraint)));
    return;
  }
  TextTable table({"constraint", "length", "draws", "probability", "nats", "step"});
  table.add({constraint, fmt::format("{}", e.length), fmt::format("{}", e.probability.draws),
             fmt::format("{:.4g} +- {:.2g}", e.probability.mean, e.probability.error),
             fmt::format("{:.3f} +- {:.3f}", -log_p, relative), fmt::format("{}", e.step)});
  print_fitting(table);
}

}  // namespace mlrun::cli
