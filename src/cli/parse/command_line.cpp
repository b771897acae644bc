#include "cli/parse/command_line.hpp"

#include <CLI/CLI.hpp>
#include <limits>
#include <map>
#include <utility>

#include "base/home.hpp"
#include "cli/parse/help.hpp"
#include "cli/parse/number_option.hpp"

namespace mlrun::cli {
namespace {

struct Told {
  Values values;
  std::optional<OverrideWords> overrides;
  bool may_be_empty = false;
};

// By option: CLI11 keeps nothing of ours with them, and one command line is parsed in a process.
std::map<const CLI::Option*, Told>& told() {
  static std::map<const CLI::Option*, Told> options;
  return options;
}

// The option of texts, each of which says something unless it was told that it may not.
CLI::Option* of_texts(CLI::Option* option) {
  option->check([option](const std::string& word) {
    return word.empty() && !told()[option].may_be_empty ? "expected a word, found ''" : "";
  });
  return option;
}

CLI::Validator any_whole_number() { return whole_number(std::numeric_limits<int64_t>::min()); }
CLI::Validator any_real_number() {
  return real_number(std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

}  // namespace

const Values& values_of(const CLI::Option& option) { return told()[&option].values; }

const OverrideWords* overrides_of(const CLI::Option& option) {
  const auto& overrides = told()[&option].overrides;
  return overrides ? &*overrides : nullptr;
}

Option* Option::type_name(const std::string& name) {
  option_->type_name(name);
  for (const char* path : {"FILE", "DIR", "RUN", "CHECKPOINT", "SPEC", ".png"}) {
    if (name.find(path) == std::string::npos) continue;
    option_->transform([](const std::string& word) { return expand_home(word); });
    break;
  }
  return this;
}

Option* Option::takes(Values values) {
  told()[option_].values = std::move(values);
  return this;
}

Option* Option::takes(Values values, OverrideWords overrides) {
  told()[option_].overrides = std::move(overrides);
  return takes(std::move(values));
}

Option* Option::one_of(const std::vector<std::string>& values) {
  told()[option_].values = {{}, values};
  option_->check(CLI::IsMember(values));
  return this;
}

// Each rule is put before those that the option has: that of its type comes last.
Option* Option::between(int64_t least, int64_t greatest, const std::string& remedy) {
  option_->transform(whole_number(least, greatest, remedy));
  return this;
}

Option* Option::between(double least, double greatest, const std::string& remedy) {
  option_->transform(real_number(least, greatest, remedy));
  return this;
}

Option* Option::one_at_a_time() {
  option_->allow_extra_args(false);
  return this;
}

Option* Option::comma_separated() {
  option_->delimiter(',')->allow_extra_args(false);  // an argument may follow it
  return this;
}

Option* Option::check(std::function<std::string(const std::string&)> rule) {
  option_->check(std::move(rule));
  return this;
}

Option* Option::required() {
  option_->required();
  return this;
}

Option* Option::may_be_empty() {
  told()[option_].may_be_empty = true;
  return this;
}

Option* Option::excludes(const Option* other) {
  option_->excludes(other->option_);
  return this;
}

Option* Option::needs(const Option* other) {
  option_->needs(other->option_);
  return this;
}

bool Option::given() const { return option_->count() > 0; }

Command* Command::add_subcommand(const std::string& name, const std::string& description) {
  return &subcommands_.emplace_back(*app_.add_subcommand(name, description));
}

Option* Command::add_option(const std::string& name, std::string& value, const std::string& help) {
  return &options_.emplace_back(of_texts(app_.add_option(name, value, help)));
}

Option* Command::add_option(const std::string& name, int64_t& value, const std::string& help) {
  return &options_.emplace_back(app_.add_option(name, value, help)->transform(any_whole_number()));
}

Option* Command::add_option(const std::string& name, uint64_t& value, const std::string& help) {
  return &options_.emplace_back(app_.add_option(name, value, help)->transform(whole_number(0)));
}

Option* Command::add_option(const std::string& name, double& value, const std::string& help) {
  return &options_.emplace_back(app_.add_option(name, value, help)->transform(any_real_number()));
}

Option* Command::add_option(const std::string& name, std::optional<int64_t>& value, const std::string& help) {
  return &options_.emplace_back(app_.add_option(name, value, help)->transform(any_whole_number()));
}

Option* Command::add_option(const std::string& name, std::vector<std::string>& value, const std::string& help) {
  return &options_.emplace_back(of_texts(app_.add_option(name, value, help)));
}

Option* Command::add_option(const std::string& name, std::vector<int64_t>& value, const std::string& help) {
  return &options_.emplace_back(app_.add_option(name, value, help)->transform(any_whole_number()));
}

Option* Command::add_flag(const std::string& name, bool& value, const std::string& help) {
  return &options_.emplace_back(app_.add_flag(name, value, help));
}

void Command::callback(std::function<void()> run) { app_.callback(std::move(run)); }

void Command::require_subcommand(int count) { app_.require_subcommand(count); }

const CLI::App& Command::program() const {
  const CLI::App* top = &app_;
  while (top->get_parent()) top = top->get_parent();
  return *top;
}

void Command::hide() { app_.group(""); }

void set_examples(Command& command, const std::string& lines) { set_examples(command.app(), lines); }

}  // namespace mlrun::cli
