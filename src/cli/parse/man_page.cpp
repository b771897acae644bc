#include "cli/parse/man_page.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/version.hpp"
#include "cli/command.hpp"
#include "cli/parse/help.hpp"
#include "io/file.hpp"

namespace mlrun::cli {
namespace {

// Text as roff prints it: a backslash or a hyphen is itself, and no line is taken for a request.
std::string escaped(std::string_view text) {
  std::string out;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
    begins = c == '\n';
  }
  return out;
}

std::string bold(std::string_view text) { return fmt::format("\\fB{}\\fR", escaped(text)); }
std::string italic(std::string_view text) { return fmt::format("\\fI{}\\fR", escaped(text)); }

// "mlrun", "config", "show", joined.
std::string full_name(const CLI::App& app, std::string_view between) {
  return app.get_parent() ? fmt::format("{}{}{}", full_name(*app.get_parent(), between), between, app.get_name())
                          : "mlrun";
}

std::vector<const CLI::App*> pages_below(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::string line_one_of(const std::string& text) { return text.substr(0, text.find('\n')); }

// A term and what it means, indented below it.
std::string entry(const std::string& term, const std::string& meaning) {
  return fmt::format(".TP\n{}\n{}\n", term, escaped(meaning));
}

std::string names(const CLI::Option& option) {
  std::string out;
  for (const std::string& letter : option.get_snames()) out += (out.empty() ? "" : ", ") + bold("-" + letter);
  for (const std::string& word : option.get_lnames()) out += (out.empty() ? "" : ", ") + bold("--" + word);
  if (option.get_type_size() != 0 && !option.get_type_name().empty()) out += ' ' + italic(option.get_type_name());
  return out;
}

std::string meaning(const CLI::Option& option) {
  const std::string fallback = option.get_default_str();
  return option.get_description() + (fallback.empty() ? "" : " [" + fallback + "]");
}

std::string section(std::string_view title, const std::string& entries) {
  return entries.empty() ? "" : fmt::format(".SH {}\n{}", title, entries);
}

std::string synopsis(const CLI::App& app) {
  const std::string usage = app.get_formatter()->make_help(&app, "", CLI::AppFormatMode::Normal);
  constexpr std::string_view kMark = "Usage: ";
  const std::string name = full_name(app, " ");
  const std::string rest = line_one_of(usage).substr(std::min(line_one_of(usage).size(), kMark.size() + name.size()));
  return fmt::format(".SH SYNOPSIS\n{}{}\n", bold(name), escaped(rest));
}

std::string commands(const CLI::App& app) {
  std::string out;
  for (const CLI::App* command : pages_below(app))
    out += entry(bold(full_name(*command, "-")) + "(1)", line_one_of(command->get_description()));
  return section("COMMANDS", out);
}

std::string arguments(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional() && !option->get_group().empty())
      out += entry(italic(option->get_name(true)), meaning(*option));
  return section("ARGUMENTS", out);
}

std::string options(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options())
    if (!option->get_positional() && !option->get_group().empty()) out += entry(names(*option), meaning(*option));
  return section("OPTIONS", out);
}

// The help keeps them in CLI11's footer, which a command that was given none inherits.
std::string examples(const CLI::App& app) {
  const std::string lines = app.get_footer();
  if (lines.empty() || (app.get_parent() && app.get_parent()->get_footer() == lines)) return "";
  return fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", escaped(lines));
}

// As README says it too.
constexpr std::pair<ExitCode, std::string_view> kExitCodes[] = {
    {ExitCode::kDone, "done"},
    {ExitCode::kInternal, "internal error: please report it"},
    {ExitCode::kUsage, "wrong command line or spec"},
    {ExitCode::kData, "data missing or damaged"},
    {ExitCode::kDiverged, "diverged: NaN or Inf; the weights are as they were"},
    {ExitCode::kDisk, "disk full, or not writable"},
    {ExitCode::kLocked, "the run exists, or another process holds it (named)"},
    {ExitCode::kCheckpoint, "checkpoint damaged or incompatible"},
    {ExitCode::kStopped, "stopped on purpose (`--stop-after`), resumable"},
    {ExitCode::kRankLost, "one of several processes of a run is gone; resumable from the last checkpoint"},
    {ExitCode::kInterrupted, "SIGINT, state saved"},
    {ExitCode::kReaderLeft, "who read stdout has left; nothing is said"},
    {ExitCode::kTerminated, "SIGTERM or SIGHUP, state saved"},
};

constexpr std::pair<std::string_view, std::string_view> kEnvironment[] = {
    {"MLRUN_DATA_ROOT", "the folder of the data [data]"},
    {"MLRUN_RUN_ROOT", "the folder of the runs [experiments]"},
    {"MLRUN_THREADS", "how many threads, or auto: the affinity mask [auto]"},
    {"MLRUN_MAX_ISA", "sse4, avx2, avx512 or amx: no kernel uses more [what the CPU has]"},
    {"MLRUN_RANKS", "alone: processes that a launcher (mpirun, srun) started are runs of their own"},
    {"XDG_CACHE_HOME", "its folder mlrun holds packed copies of data [~/.cache]"},
};

std::string what_holds_for_all_commands() {
  std::string codes, variables;
  for (const auto& [code, meaning] : kExitCodes)
    codes += entry(bold(fmt::format("{}", static_cast<int>(code))), std::string(meaning));
  for (const auto& [name, meaning] : kEnvironment) variables += entry(bold(name), std::string(meaning));
  return section("EXIT STATUS", codes) + section("ENVIRONMENT", variables);
}

std::string see_also(const CLI::App& app) {
  std::string out;
  for (const CLI::App* above = app.get_parent(); above; above = above->get_parent())
    out += (out.empty() ? "" : ", ") + bold(full_name(*above, "-")) + "(1)";
  return out.empty() ? "" : fmt::format(".SH SEE ALSO\n{}\n", out);
}

void append(const CLI::App& app, std::vector<ManPage>& pages) {
  ManPage page{full_name(app, "-"), ""};
  page.text = fmt::format(".TH \"{}\" 1 \"\" \"mlrun {}\"\n.SH NAME\n{} \\- {}\n", escaped(page.name), kVersion,
                          escaped(page.name), escaped(line_one_of(app.get_description())));
  page.text += synopsis(app);
  page.text += section("DESCRIPTION", escaped(app.get_description()) + '\n');
  page.text += commands(app) + arguments(app) + options(app) + examples(app);
  page.text += app.get_parent() ? see_also(app) : what_holds_for_all_commands();
  pages.push_back(std::move(page));
  for (const CLI::App* command : pages_below(app)) append(*command, pages);
}

}  // namespace

std::vector<ManPage> man_pages(const CLI::App& app) {
  std::vector<ManPage> pages;
  append(app, pages);
  return pages;
}

}  // namespace mlrun::cli
