// mlrun profile: time per step, items/s, memory, and the share and implementation of each kernel.
#include "commands/train/profile.hpp"
#include "io/json_line.hpp"

#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/number.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "cli/words/threads.hpp"
#include "experiment/built_model.hpp"

namespace mlrun::cli {
namespace {

struct ProfileOptions {
  std::vector<std::string> words;
  std::string threads = "auto";
  int64_t steps = 50, warmup = 10;
  double max_seconds = 60;
  std::vector<int64_t> sample;
};

double gflops(const kernels::profile::Entry& e) { return e.seconds > 0 ? e.flops / e.seconds * 1e-9 : 0; }

void print_json(const Profile& p) {
  nlohmann::ordered_json answer = {{"model", p.model},
                                   {"threads", p.threads},
                                   {"lanes", p.lanes},
                                   {"dtype", p.dtype},
                                   {"batch_size", p.batch_size},
                                   {"parameters", p.parameters},
                                   {"active_parameters", p.active_parameters},
                                   {"steps", p.steps},
                                   {"ms_per_step", {{"median", p.median_ms}, {"min", p.min_ms}, {"p95", p.p95_ms}}},
                                   {"items_per_s", p.items_per_s},
                                   {"peak_rss_mb", p.peak_rss_mb},
                                   {"first_step_ms", p.first_step_ms}};
  answer["kernels"] = nlohmann::ordered_json::array();
  for (const auto& e : p.kernels)
    answer["kernels"].push_back(
        {{"name", e.name}, {"impl", e.impl}, {"share", e.seconds / p.step_seconds}, {"gflops", gflops(e)}});
  if (!p.samples.empty()) {
    answer["sample"] = nlohmann::ordered_json::array();
    for (const SampleProfile& s : p.samples)
      answer["sample"].push_back({{"batch", s.batch}, {"items_per_s", s.items_per_s}});
  }
  fmt::print("{}\n", io::json_line(answer));
}

void print_text(const Profile& p) {
  print_wrapped(fmt::format("{}, {}, {}; batch {} in {} lanes on {} threads", p.model,
                            parameters_in_words(p.parameters, p.active_parameters), p.data, p.batch_size, p.lanes,
                            p.threads));
  print_wrapped(
      fmt::format("step {:.3f} ms median, {:.3f} min, {:.3f} p95 of {}; {} items/s; first step {:.0f} ms after start; "
                  "peak {:.0f} MB",
                  p.median_ms, p.min_ms, p.p95_ms, p.steps, human_rate(p.items_per_s), p.first_step_ms, p.peak_rss_mb));
  fmt::print("\n");
  TextTable table({"kernel", "implementation", "share", "calls", "GF/s"});
  double rest = 1;
  for (const auto& e : p.kernels) {
    rest -= e.seconds / p.step_seconds;
    table.add({e.name, e.impl, fmt::format("{:.1f}%", 100 * e.seconds / p.step_seconds), fmt::format("{}", e.calls),
               e.flops > 0 ? fmt::format("{:.0f}", gflops(e)) : "-"});
  }
  table.add({"everything else", "", fmt::format("{:.1f}%", 100 * rest), "", "-"});
  print_fitting(table);
  for (const SampleProfile& s : p.samples)
    fmt::print("sampling, {} at a time: {} items/s\n", s.batch, human_rate(s.items_per_s));
}

void run_profile(const ProfileOptions& o, const Globals& globals) {
  Overrides overrides;
  overrides.add_words({o.words.begin() + 1, o.words.end()}, 2);
  advice::accept_overrides();
  const ProfileRequest request{.spec = o.words[0],
                               .overrides = overrides.texts,
                               .places = overrides.places,
                               .threads = threads_of(o.threads),
                               .steps = o.steps,
                               .warmup = o.warmup,
                               .max_seconds = o.max_seconds,
                               .sample_batches = o.sample};
  const Profile p = profile(request);
  if (globals.json) print_json(p);
  else print_text(p);
}

}  // namespace

void add_profile(Command& command, const Globals& globals) {
  auto o = std::make_shared<ProfileOptions>();
  set_examples(command,
               "mlrun profile configs/made.yaml\n"
               "mlrun profile configs/nade.yaml --sample 1 --sample 64 --threads 2 --json\n"
               "mlrun profile @last train.batch_size=200");
  command.add_option("SPEC", o->words, "a YAML file or a run, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC|RUN [key=value]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{});
  command.add_option("--steps", o->steps, "steps that are timed")
      ->between(int64_t{1}, int64_t{1000000})
      ->type_name("N");
  command.add_option("--warmup", o->warmup, "steps before them")->between(int64_t{1}, int64_t{1000000})->type_name("N");
  command.add_option("--max-seconds", o->max_seconds, "stop measuring steps after so long")
      ->between(0.0, 1e9)
      ->type_name("S");
  command.add_option("--sample", o->sample, "also time sampling so many at a time; may be repeated")
      ->between(int64_t{1}, int64_t{65536})
      ->type_name("N");
  command.add_option("--threads", o->threads, "auto: the affinity mask")->type_name("N|auto")->takes({{}, {"auto"}});
  command.callback([o, &globals] { run_profile(*o, globals); });
}

}  // namespace mlrun::cli
