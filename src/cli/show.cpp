// mlrun show: one run, or one checkpoint, in full.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/log.hpp"
#include "base/newer_version.hpp"
#include "base/number.hpp"
#include "base/printable.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/show/codebook.hpp"
#include "cli/show/layout.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "commands/runs/show.hpp"
#include "experiment/checkpoint.hpp"
#include "io/checkpoint_file.hpp"
#include "io/directory.hpp"
#include "io/json_line.hpp"
#include "runs/run_json.hpp"

namespace mlrun::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowOptions {
  std::string run, which;
  bool verify = false, spec = false, codebook = false, layout = false;
};

constexpr int kNameWidth = 13;

// On a terminal in lines that fit, the further ones below the first.
void line(const std::string& name, const std::string& text) {
  if (text.empty()) return;
  const std::string shown = printable(text);
  const bool fits = is_terminal(STDOUT_FILENO);
  fmt::print("{:<12} {}\n", name, fits ? wrapped(shown, terminal_width(STDOUT_FILENO), kNameWidth, kNameWidth) : shown);
}

Json spec_json(const config::Fields& fields) {
  Json spec = Json::object();
  for (const config::FieldRecord& field : fields) {
    if (field.type != config::FieldType::kSection) spec[field.path] = value_json(field.value);
  }
  return spec;
}

Json details_json(const RunDetails& d) {
  Json answer = run_json(d.summary);
  answer["spec"] = spec_json(d.fields);
  answer["environment"] = d.environment;
  answer["checkpoints"] = Json::array();
  for (const CheckpointFile& c : d.checkpoints) {
    Json file = {{"file", c.path}, {"step", c.step}, {"bytes", c.bytes}, {"best", c.best}};
    if (c.intact) file["intact"] = *c.intact;
    answer["checkpoints"].push_back(std::move(file));
  }
  answer["evaluations"] = Json::array();
  for (const KeptEvaluation& e : d.evaluations) {
    answer["evaluations"].push_back({{"file", e.path},
                                     {"split", e.split},
                                     {"step", e.step},
                                     {"protocol", e.protocol},
                                     {"count", e.count},
                                     {"nll", e.nll},
                                     {"nll_se", e.nll_se},
                                     {"bpd", e.bpd},
                                     {"bound", e.bound},
                                     {"components", e.components},
                                     {"code_maps", e.code_maps}});
  }
  return answer;
}

std::string result_of(const RunSummary& r) {
  if (std::isnan(r.best_nll)) return "not evaluated yet";
  const std::string accuracy =
      std::isnan(r.best_accuracy) ? "" : fmt::format(", accuracy {:.2f}%", 100 * r.best_accuracy);
  return fmt::format("valid/nll {} nats ({} bits/dim){} at step {}; last {}", print_fixed(r.best_nll, 3),
                     print_fixed(r.best_bpd, 4), accuracy, r.best_step, print_fixed(r.last_nll, 3));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_spec_in_short(const config::Fields& fields) {
  for (const char* section : {"data", "model", "optim", "schedule", "train", "eval", "checkpoint", "compute"})
    line(section, section_in_short(fields, section));
}

void print_history(const History& history, int64_t steps) {
  for (size_t i = 0; i < history.size(); ++i) line(i == 0 ? "history" : "", in_words(history[i]));
  if (!history.empty() && steps > history.back().end)
    line("", fmt::format("steps {} to {} as this spec says: not exact", history.back().end + 1, steps));
}

void print_origin(const std::optional<Origin>& origin) {
  if (!origin) return;
  line("origin", fmt::format("{} at step {}", origin->run.empty() ? origin->checkpoint : origin->run, origin->step));
  line("", "weights sha256 " + origin->sha256);
}

void print_details(const RunDetails& d) {
  const RunSummary& r = d.summary;
  const std::string status = is_newer_version(r.version) ? status_words(r) : name_of(r.status);
  line("run", fmt::format("{}  {}{}", r.id, status, r.reason.empty() ? "" : ": " + r.reason));
  if (!r.name.empty() && !r.id.starts_with(r.name + "-")) line("name", r.name);  // it was renamed, or is elsewhere
  line("directory", r.path);
  line("group", joined(r.groups));
  line("tags", joined(r.tags));
  for (size_t i = 0; i < r.notes.size(); ++i) line(i == 0 ? "notes" : "", r.notes[i]);
  line("created", r.created);
  print_origin(d.origin);
  line("trained", fmt::format("{} steps  epoch {:.4g}  {}{}", r.step, r.epoch, human_duration(r.seconds),
                              std::isnan(r.cpu_seconds) ? "" : "  CPU time " + human_duration(r.cpu_seconds)));
  print_history(r.history, r.step);
  line("result", result_of(r));
  if (r.nll_of != NllSubject::kX) line("", fmt::format("the NLL is of {}", words_of(r.nll_of)));
  for (const KeptEvaluation& e : d.evaluations) {
    const std::string settings = e.settings(r.protocol);
    line("", fmt::format("{}/nll {}{:.3f} +- {:.3f} nats ({:.4f} bits/dim) at step {}, {} examples{}{}", e.split,
                         e.bound ? "<= " : "", e.nll, e.nll_se, e.bpd, e.step, e.count, settings.empty() ? "" : ", ",
                         settings));
  }
  print_spec_in_short(d.fields);
  line("protocol", r.protocol);
  line("data sha256", r.data_hash);
  line("fingerprint", r.fingerprint);
  std::string environment;
  for (const auto& [name, value] : d.environment)
    environment += fmt::format("{}{} {}", environment.empty() ? "" : "  ", name, value);
  line("environment", environment);
  if (d.checkpoints.empty()) {
    line("checkpoints", "none yet");
    return;
  }
  TextTable table({"checkpoint", "size", "state"});
  for (const CheckpointFile& c : d.checkpoints) {
    std::string state = c.best ? "best" : "";
    if (c.intact) state += fmt::format("{}{}", state.empty() ? "" : ", ", *c.intact ? "intact" : "DAMAGED");
    table.add({std::filesystem::path(c.path).filename().string(), human_size(c.bytes), state});
  }
  fmt::print("\n");
  print_fitting(table);
}

void show_run(const std::string& path, const ShowOptions& o, const Globals& globals) {
  const RunDetails d = run_details(path, o.verify);
  if (o.spec) {
    fmt::print("{}", d.resolved_yaml);
  } else if (globals.json) {
    fmt::print("{}\n", io::json_line(details_json(d)));
  } else {
    print_details(d);
  }
  bool damaged = false;
  for (const CheckpointFile& c : d.checkpoints) {
    if (!c.intact || *c.intact) continue;
    damaged = true;
    log::error("{}", c.damage);
  }
  if (damaged) finish_with(ExitCode::kCheckpoint);
}

Json checkpoint_json(const Checkpoint& c, const std::vector<TensorSummary>& tensors, int64_t file_bytes) {
  const CheckpointIdentity& id = c.identity();
  Json answer = {{"checkpoint", c.path()},
                 {"step", c.state().step},
                 {"bytes", file_bytes},
                 {"intact", true},
                 {"fingerprint", id.fingerprint},
                 {"exact", id.history.empty()},
                 {"history", history_record(id.history)},
                 {"protocol", id.protocol},
                 {"data_hash", id.data_hash},
                 {"data", id.data_description},
                 {"seed", id.seed}};
  answer["tensors"] = Json::array();
  for (const TensorSummary& t : tensors) {
    answer["tensors"].push_back({{"path", t.path},
                                 {"dtype", t.type},
                                 {"shape", t.shape},
                                 {"axes", t.axes},
                                 {"bytes", t.bytes},
                                 {"mean", t.mean},
                                 {"sd", t.sd},
                                 {"not_finite", t.not_finite}});
  }
  return answer;
}

std::string best_of(const Checkpoint& c) {
  if (c.experiment().spec().eval.best == BestBy::kAccuracy)
    return fmt::format("valid/accuracy {:.2f}% at step {}", 100 * (1 - c.state().best), c.state().best_step);
  if (c.experiment().spec().eval.best == BestBy::kLast)
    return fmt::format("the last, at step {}; least valid/nll {:.3f} nats", c.state().best_step, c.state().best);
  return fmt::format("valid/nll {:.3f} nats at step {}", c.state().best, c.state().best_step);
}

void print_checkpoint(const Checkpoint& c, const std::vector<TensorSummary>& tensors, int64_t file_bytes) {
  const CheckpointIdentity& id = c.identity();
  line("checkpoint", c.path());
  line("size", human_size(file_bytes) + ", every bit covered by a checksum that fits");
  line("step", fmt::format("{}", c.state().step));
  print_history(id.history, c.state().step);
  if (c.state().best_step > 0) line("best", best_of(c));
  try {
    print_origin(c.experiment().origin());
    print_spec_in_short(c.experiment().fields());
  } catch (const Error& e) {
    log::warning("{}", e.what());
  }
  line("examples", id.data_description);
  line("protocol", id.protocol);
  line("data sha256", id.data_hash);
  line("fingerprint", id.fingerprint);
  TextTable table({"tensor", "type", "shape", "axes", "size", "mean", "sd"});
  for (const TensorSummary& t : tensors) {
    table.add({t.path, t.type, to_string(t.shape), t.axes, human_size(t.bytes),
               std::isnan(t.mean) ? "-" : fmt::format("{:.3g}", t.mean),
               std::isnan(t.sd) ? "-" : fmt::format("{:.3g}", t.sd)});
    if (t.not_finite > 0) log::warning("{}: {} values are NaN or Inf", t.path, t.not_finite);
  }
  fmt::print("\n");
  print_fitting(table, {"axes", "type", "sd", "mean"});
  for (const char* group : {"optimizer", "average"}) {
    if (const int64_t bytes = bytes_below(c.file(), group)) fmt::print("{}: {}\n", group, human_size(bytes));
  }
}

void show_checkpoint(const std::string& path, const ShowOptions& o, const Globals& globals) {
  const Checkpoint checkpoint(path);  // opening verifies
  if (o.spec) {
    fmt::print("{}", checkpoint.identity().resolved_yaml);
    return;
  }
  std::vector<TensorSummary> tensors = tensors_of(checkpoint.file(), "model");
  for (const char* group : {"state", "buffers"}) {
    for (TensorSummary& tensor : tensors_of(checkpoint.file(), group)) tensors.push_back(std::move(tensor));
  }
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path));
  if (globals.json) fmt::print("{}\n", io::json_line(checkpoint_json(checkpoint, tensors, bytes)));
  else print_checkpoint(checkpoint, tensors, bytes);
}

void run_show(const ShowOptions& o, const Globals& globals) {
  const bool file = io::exists(o.run) && !io::is_directory(o.run);
  if (o.codebook || o.layout) {
    const std::string checkpoint = file ? o.run : find_checkpoint(o.run, o.which.empty() ? "best" : o.which);
    return o.codebook ? show_codebook(checkpoint, globals) : show_layout(checkpoint, globals);
  }
  if (file || !o.which.empty()) show_checkpoint(file ? o.run : find_checkpoint(o.run, o.which), o, globals);
  else show_run(find_run(o.run), o, globals);
}

}  // namespace

void add_show(Command& command, const Globals& globals) {
  auto o = std::make_shared<ShowOptions>();
  set_examples(command,
               "mlrun show @last\n"
               "mlrun show @last --verify              # are all checkpoints intact? exit 7 if not\n"
               "mlrun show @last --which best          # that checkpoint: tensors, shapes, mean, sd\n"
               "mlrun show step-000001500.h5 --json\n"
               "mlrun show @last --codebook            # of a VQ-VAE: use of its codes, as a picture\n"
               "mlrun show @last --layout              # for a reader in another language: formulas and tensors\n"
               "mlrun show @last --spec > again.yaml");
  add_run(command, o->run);
  command.add_option("--which", o->which, "a checkpoint of the run: best, last or a step")
      ->type_name("best|last|STEP")
      ->takes({{Value::kCheckpoint}});
  command.add_flag("--verify", o->verify, "compare the SHA-256 of every checkpoint; exit 7 if one is damaged");
  command.add_flag("--codebook", o->codebook, "of a VQ-VAE: how the valid split uses its codes");
  command.add_flag("--layout", o->layout,
                   "how another program computes the checkpoint's logits: formulas, and what each tensor is in them");
  command.add_flag("--spec", o->spec, "print the resolved spec, nothing else");
  command.callback([o, &globals] { run_show(*o, globals); });
}

}  // namespace mlrun::cli
