#include "commands/figures/report.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "base/shell_word.hpp"
#include "base/version.hpp"
#include "commands/figures/curves.hpp"
#include "commands/figures/report_page.hpp"
#include "commands/runs/compare.hpp"
#include "commands/runs/readable_runs.hpp"
#include "commands/runs/show.hpp"
#include "experiment/trained_model.hpp"
#include "figure/web.hpp"
#include "io/base64.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "proof/kept_proof.hpp"
#include "runs/metrics.hpp"

namespace mlrun {
namespace {

using figure::html_escaped;

constexpr uint64_t kMostPicture = 1 << 20;  // bytes of one sheet of samples
constexpr size_t kMostSheets = 12;

std::string spread_cell(const Spread& s, int digits, bool bound = false) {
  if (s.count == 0) return "-";
  const std::string sign = bound ? "&le; " : "";
  if (std::isnan(s.sd)) return sign + fmt::format("{:.{}f}", s.mean, digits);
  return sign + fmt::format("{:.{}f} &plusmn; {:.{}f}", s.mean, digits, s.sd, digits);
}

std::string row_name(const Comparison& c, const ComparisonRow& row) {
  std::string text;
  for (size_t i = 0; i < c.fields.size(); ++i)
    text += fmt::format("{}{} {}", i ? ", " : "", c.fields[i], row.values[i].empty() ? "-" : row.values[i]);
  return text.empty() ? row.runs[0].id : text;
}

const RunSummary& best_run(const ComparisonRow& row) {
  return *std::min_element(row.runs.begin(), row.runs.end(), [](const RunSummary& a, const RunSummary& b) {
    return std::isnan(b.best_nll) ? !std::isnan(a.best_nll) : a.best_nll < b.best_nll;
  });
}

std::string human_time(double seconds) {
  if (seconds < 180) return fmt::format("{:.1f} s", seconds);
  return seconds < 180 * 60 ? fmt::format("{:.1f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

std::string results(const Comparison& c) {
  const bool tested = std::any_of(c.rows.begin(), c.rows.end(), [](const auto& r) { return r.test_nll.count > 0; });
  PageTable table;
  table.headings.emplace_back(c.fields.empty() ? "run" : "");
  if (!c.fields.empty()) table.headings = c.fields;
  for (const char* heading : {"runs", "status", "valid/nll (nats)", "bits/dim"}) table.headings.emplace_back(heading);
  if (tested) table.headings.emplace_back("test/nll (nats)");
  table.headings.emplace_back("training");
  double best = HUGE_VAL;
  for (const ComparisonRow& row : c.rows)
    if (row.valid_nll.count > 0 && c.obstacle.empty()) best = std::min(best, row.valid_nll.mean);
  for (const ComparisonRow& row : c.rows) {
    std::vector<std::string> cells;
    if (c.fields.empty()) cells.push_back(html_escaped(row.runs[0].id));
    for (const std::string& value : row.values) cells.push_back(value.empty() ? "-" : html_escaped(value));
    double seconds = 0;
    for (const RunSummary& run : row.runs) seconds += run.seconds;
    cells.push_back(fmt::format("{}", row.runs.size()));
    cells.push_back(html_escaped(row.status));
    cells.push_back(spread_cell(row.valid_nll, 3));
    cells.push_back(spread_cell(row.valid_bpd, 4));
    if (tested) cells.push_back(spread_cell(row.test_nll, 3, row.test_is_bound));
    cells.push_back(human_time(seconds / static_cast<double>(row.runs.size())));
    const bool failed =
        row.status.find("diverged") != std::string::npos || row.status.find("killed") != std::string::npos;
    table.rows.push_back({cells, row.valid_nll.mean == best ? "best" : failed ? "bad" : ""});
  }
  std::string text = table.html();
  if (!c.obstacle.empty())
    text += "<p class=\"note\">These results are not ranked: " + html_escaped(c.obstacle) + ".</p>";
  text +=
      fmt::format("<p class=\"note\">valid/nll is the best of each run; {}times are of training, a mean over runs.</p>",
                  std::any_of(c.rows.begin(), c.rows.end(), [](const auto& r) { return r.runs.size() > 1; })
                      ? "mean &plusmn; sample deviation over the runs of a row; "
                      : "");
  return text;
}

bool any_has(const std::vector<RunSummary>& runs, const std::string& table, const std::string& column) {
  return std::any_of(runs.begin(), runs.end(), [&](const RunSummary& run) {
    const auto tables = metric_tables(io::read_journal(run.path + "/metrics.jsonl"));
    const auto found = tables.find(table);
    return found != tables.end() && found->second.columns().contains(column);
  });
}

std::string chart_html(const figure::Chart& chart) {
  // Text keeps its size on a narrow screen: there is a picture for each.
  return "<div class=\"wide\">" + figure::svg_element(chart, 760, 400) + "</div><div class=\"narrow\">" +
         figure::svg_element(chart, 360, 300) + "</div>" + figure::legend_element(chart);
}

std::string curves_html(const ReportRequest& request, const std::vector<RunSummary>& runs, Abscissa against) {
  CurvesRequest wanted{.runs = runs, .metrics = {"valid/nll"}, .against = against, .group_by = request.group_by};
  if (!any_has(runs, "valid", "nll")) return "<p>None of the runs has been evaluated yet.</p>";
  if (runs.size() == 1) {
    wanted.group_by = {};
    if (any_has(runs, "train", "nll")) wanted.metrics.emplace_back("train/nll");
  }
  figure::Chart chart = chart_of(curves_of(wanted));
  chart.lines = request.lines;
  if (runs.size() == 1) {
    for (size_t i = 0; i < chart.series.size(); ++i) chart.series[i].name = wanted.metrics[i];
  }
  std::string text = chart_html(chart);
  for (const char* column : {"accuracy", "code_perplexity"}) {
    if (!any_has(runs, "valid", column)) continue;
    wanted.metrics = {std::string("valid/") + column};
    text += chart_html(chart_of(curves_of(wanted)));
  }
  return text;
}

struct SheetFile {
  std::string name, words;  // in the run's folder samples/, and what it shows
  bool drawn = false;       // by training: small, so that it is enlarged; others have the size that somebody gave them
};

// What training drew at the best evaluation, else at the latest; then the pictures that somebody put beside it.
std::vector<SheetFile> sheets_of(const RunSummary& run) {
  const std::string folder = run.path + "/samples";
  std::vector<SheetFile> sheets;
  if (!io::is_directory(folder)) return sheets;
  std::string drawn;
  for (const std::string& name : io::list_directory(folder)) {
    if (!name.ends_with(".png")) continue;
    if (!name.starts_with("step-")) sheets.push_back({name, name.substr(0, name.size() - 4), false});
    else if (drawn != fmt::format("step-{:09}.png", run.best_step)) drawn = name;
  }
  const char* words = is_of_stage_one(run.nll_of) ? "images, each beside its reconstruction" : "samples";
  if (!drawn.empty()) sheets.insert(sheets.begin(), {drawn, words, true});
  return sheets;
}

std::string picture_html(const RunSummary& run, const SheetFile& sheet) {
  try {
    const io::Bytes file = io::read_file(run.path + "/samples/" + sheet.name, kMostPicture, ExitCode::kData);
    return fmt::format("<img class=\"{}\" alt=\"{} of {}\" src=\"data:image/png;base64,{}\">",
                       sheet.drawn ? "samples" : "picture", html_escaped(sheet.words), html_escaped(run.id),
                       io::base64(file.span()));
  } catch (const Error& e) {
    return "<p class=\"note\">" + html_escaped(e.what()) + "</p>";
  }
}

std::string samples_html(const Comparison& c) {
  std::string text;
  size_t sheets = 0;
  for (const ComparisonRow& row : c.rows) {
    const RunSummary& run = best_run(row);
    for (const SheetFile& sheet : sheets_of(run)) {
      if (++sheets > kMostSheets) continue;
      text += fmt::format("<figure>{}<figcaption>{}: {}</figcaption></figure>", picture_html(run, sheet),
                          html_escaped(row_name(c, row)), html_escaped(sheet.words));
    }
  }
  if (sheets > kMostSheets)
    text += fmt::format("<p class=\"note\">The first {} of {} pictures.</p>", kMostSheets, sheets);
  return text.empty() ? "" : "<div class=\"sheets\">" + text + "</div>";
}

std::string origin_text(const RunDetails& d) {
  if (!d.origin) return "fresh weights";
  return fmt::format("{} at step {}", d.origin->run.empty() ? d.origin->checkpoint : d.origin->run, d.origin->step);
}

std::string history_text(const History& history) {
  std::string text;
  for (const Segment& s : history) text += (text.empty() ? "" : "; ") + in_words(s);
  return text.empty() ? "exact: all steps are those of its spec" : text;
}

std::string runs_html(const std::vector<RunDetails>& runs) {
  PageTable table;
  table.headings = {"run", "status", "steps", "best", "valid/nll", "version", "CPU", "threads", "origin", "history"};
  for (const RunDetails& d : runs) {
    const RunSummary& r = d.summary;
    const auto from = [&](const char* name) {
      const auto found = d.environment.find(name);
      return found == d.environment.end() ? std::string("-") : html_escaped(found->second);
    };
    table.rows.push_back(
        {{html_escaped(r.id), html_escaped(status_words(r)), fmt::format("{}", r.step), fmt::format("{}", r.best_step),
          std::isnan(r.best_nll) ? "-" : fmt::format("{:.3f}", r.best_nll), from("mlrun"),
          from("cpu") + " " + from("isa"), from("threads"), html_escaped(origin_text(d)),
          html_escaped(history_text(r.history))},
         r.status == RunStatus::kDiverged || r.status == RunStatus::kKilled ? "bad" : ""});
  }
  return table.html();
}

std::string evaluations_html(const std::vector<RunDetails>& runs) {
  PageTable table;
  table.headings = {"run", "split", "step", "nll (nats)", "bits/dim", "examples", "settings"};
  for (const RunDetails& d : runs) {
    for (const KeptEvaluation& e : d.evaluations) {
      const std::string settings = e.settings(d.summary.protocol);
      table.rows.push_back({{html_escaped(d.summary.id), html_escaped(e.split), fmt::format("{}", e.step),
                             fmt::format("{}{:.3f} &plusmn; {:.3f}", e.bound ? "&le; " : "", e.nll, e.nll_se),
                             fmt::format("{:.4f}", e.bpd), fmt::format("{}", e.count),
                             settings.empty() ? "as its spec says" : html_escaped(settings)},
                            ""});
    }
  }
  if (table.rows.empty()) return "";
  return table.html() + "<p class=\"note\">&plusmn; is the standard error over examples.</p>";
}

// The latest answer of `mlrun prove` that each run keeps.
std::string proofs_html(const std::vector<RunDetails>& runs) {
  PageTable table;
  table.headings = {"run", "step", "check", "result", "figure", "limit"};
  for (const RunDetails& d : runs) {
    const std::vector<KeptProof> kept = kept_proofs(d.summary.path);
    if (kept.empty()) continue;
    for (const ProofCheck& c : kept.back().checks) {
      table.rows.push_back({{html_escaped(d.summary.id), fmt::format("{}", kept.back().step), html_escaped(c.name),
                             c.pass ? "PASS" : "FAIL", fmt::format("{:.4g}", c.figure), fmt::format("{:.4g}", c.limit)},
                            c.pass ? "" : "bad"});
    }
  }
  if (table.rows.empty()) return "";
  return table.html() + "<p class=\"note\">What mlrun prove found: is it a likelihood?</p>";
}

// The resolved spec of each run as a file to keep, and what to type then.
std::string reproduce_html(const std::vector<RunDetails>& runs) {
  std::string text =
      "<p>A resolved spec is complete: data, model, optimizer, seed. Save it from here, and train it; the same spec, "
      "data "
      "and kind of CPU give the same bits.</p>";
  for (const RunDetails& d : runs) {
    const std::string file = d.summary.id + ".yaml";
    std::string commands =
        fmt::format("mlrun train {}\nmlrun eval @last\nmlrun sample @last -o samples.png", shell_word(file));
    if (!d.summary.history.empty())
      commands =
          "# Its first steps were trained under another spec (history, above): this one alone does not make it "
          "again.\n" +
          commands;
    text += fmt::format(
        "<details><summary>{0}</summary><p><a download=\"{1}\" href=\"data:text/yaml;base64,{2}\">{1}</a></p>"
        "<pre>{3}</pre><pre>{4}</pre></details>",
        html_escaped(d.summary.id), html_escaped(file), io::base64(io::bytes_of(d.resolved_yaml)),
        html_escaped(commands), html_escaped(d.resolved_yaml));
  }
  return text;
}

std::string subject_of(const std::vector<RunSummary>& runs) {
  std::vector<std::string> protocols, subjects;
  for (const RunSummary& run : runs) {
    if (!has_word(protocols, run.protocol)) protocols.push_back(run.protocol);
    if (!has_word(subjects, words_of(run.nll_of))) subjects.emplace_back(words_of(run.nll_of));
  }
  std::string text = "<p>Data: ";
  for (size_t i = 0; i < protocols.size(); ++i) text += (i ? "; " : "") + html_escaped(protocols[i]);
  text += ". NLL: of ";
  for (size_t i = 0; i < subjects.size(); ++i) text += (i ? "; " : "") + html_escaped(subjects[i]);
  return text + ", in nats per example.</p>";
}

}  // namespace

ReportOutcome report_of(const ReportRequest& request) {
  ReportOutcome outcome;
  const ReadableRuns readable = readable_runs(request.runs, outcome.left_out);
  if (readable.runs.empty()) {
    fail(ExitCode::kUsage, "none of these runs can be read{}",
         outcome.left_out.empty() ? "" : "\n  " + outcome.left_out.front());
  }
  Comparison comparison = compare_runs(readable, request.group_by);
  add_test_results(comparison);
  const std::vector<RunSummary>& runs = readable.runs;
  if (comparison.obstacle.empty()) {
    std::stable_sort(comparison.rows.begin(), comparison.rows.end(), [](const auto& a, const auto& b) {
      return std::isnan(b.valid_nll.mean) ? !std::isnan(a.valid_nll.mean) : a.valid_nll.mean < b.valid_nll.mean;
    });
  }
  std::vector<RunDetails> details;
  for (const RunSummary& run : runs) details.push_back(run_details(run.path, /*verify=*/false));
  outcome.runs = static_cast<int64_t>(runs.size());
  outcome.settings = static_cast<int64_t>(comparison.rows.size());

  Page page(request.title);
  page.paragraph(subject_of(runs));
  page.section("Results", results(comparison));
  page.section("Curves", curves_html(request, runs, Abscissa::kStep));
  page.section("Samples", samples_html(comparison));
  page.section("Evaluations", evaluations_html(details));
  page.section("Proof", proofs_html(details));
  page.section("Runs", runs_html(details));
  if (!outcome.left_out.empty()) {
    std::string list;
    for (const std::string& reason : outcome.left_out) list += "<li>" + html_escaped(reason) + "</li>";
    page.section("Left out", "<ul>" + list + "</ul>");
  }
  page.section("To make it again", reproduce_html(details));
  page.footer(fmt::format("Made by mlrun {}.", kVersion));
  outcome.html = page.html();
  return outcome;
}

}  // namespace mlrun
