#include "data/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/number.hpp"
#include "base/shell_word.hpp"

namespace mlrun {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

std::string filter_remedy(const std::string& words, const std::string& file, const std::string& filter) {
  const bool packed = file.ends_with(".gz");
  const std::string plain = packed ? file.substr(0, file.size() - 3) : file;
  const size_t dot = plain.rfind('.'), slash = plain.rfind('/');
  const bool ending = dot != std::string::npos && dot > (slash == std::string::npos ? 0 : slash + 1);
  const std::string to = plain.substr(0, ending ? dot : plain.size()) + "-rows" + (ending ? plain.substr(dot) : "");
  const std::string command =
      packed ? fmt::format("zcat {} | {}", shell_word(file), filter) : fmt::format("{} {}", filter, shell_word(file));
  return fmt::format("\n  {}   {} > {}", words, command, shell_word(to));
}

std::string_view unmarked_text(std::string_view text, const std::string& name, ExitCode code) {
  if (text.starts_with("\xef\xbb\xbf")) return text.substr(3);
  const bool little = text.starts_with("\xff\xfe"), big = text.starts_with("\xfe\xff");
  const bool bare = text.size() >= 4 && (text[0] == 0) != (text[1] == 0) && (text[2] == 0) == (text[0] == 0) &&
                    (text[3] == 0) == (text[1] == 0);
  if (little || big || bare) {
    const std::string from = !bare ? "UTF-16" : text[0] == 0 ? "UTF-16BE" : "UTF-16LE";
    fail(code, "{}: found UTF-16, expected UTF-8{}", name,
         filter_remedy("write it anew", name, "iconv -f " + from + " -t UTF-8"));
  }
  return text;
}

std::optional<size_t> find_column(const std::string& column, const std::vector<std::string>& header, size_t columns) {
  const auto named = std::find(header.begin(), header.end(), column);
  if (named != header.end()) return static_cast<size_t>(named - header.begin());
  const auto number = parse_integer(column);
  if (!number || *number < 1 || *number > static_cast<int64_t>(columns)) return std::nullopt;
  return static_cast<size_t>(*number) - 1;
}

NumberText::NumberText(std::string_view text, std::string name) : name_(std::move(name)) {
  text = unmarked_text(text, name_);
  at_ = text.data();
  end_ = text.data() + text.size();
  decide();
}

// The next line that holds something, as current_; false where there is none.
bool NumberText::take_line() {
  while (at_ < end_) {
    const char* stop = std::find(at_, end_, '\n');
    current_ = {at_, static_cast<size_t>(stop - at_)};
    at_ = stop < end_ ? stop + 1 : end_;
    ++line_;
    if (!current_.empty() && current_.back() == '\r') current_.remove_suffix(1);
    const size_t content = current_.find_first_not_of(" \t\r");
    if (content != std::string_view::npos && current_[content] != '#') return true;
  }
  return false;
}

// From `at` on, up to the separator or the end, where `at` is then.
NumberText::Field NumberText::take_field(const char*& at, const char* end, char separator) const {
  const auto skipped = [&](char c) { return blank(c) && c != separator; };
  while (at < end && skipped(*at)) ++at;
  if (at < end && *at == '"') {
    const char* close = at + 1;
    while (close < end && (*close != '"' || (close + 1 < end && close[1] == '"'))) close += *close == '"' ? 2 : 1;
    const char* behind = close < end ? close + 1 : end;
    while (behind < end && skipped(*behind)) ++behind;
    const bool parted = separator == ' ' && close + 1 < end && blank(close[1]);
    if (close < end && (behind == end || *behind == separator || parted)) {
      const Field field{at + 1, close};
      at = separator == ' ' ? close + 1 : behind;
      return field;
    }
  }
  const char* begin = at;
  while (at < end && *at != separator && !(separator == ' ' && blank(*at))) ++at;
  const char* last = at;
  while (last > begin && skipped(last[-1])) --last;
  return {begin, last};
}

std::vector<NumberText::Field> NumberText::fields_of(std::string_view line, char separator) const {
  std::vector<Field> fields;
  const char *at = line.data(), *end = line.data() + line.size();
  for (;;) {
    if (separator == ' ') {
      while (at < end && blank(*at)) ++at;
      if (at == end) return fields;
    }
    fields.push_back(take_field(at, end, separator));
    if (separator == ' ') continue;
    if (at == end) return fields;
    ++at;
  }
}

double NumberText::value(std::string_view text, char separator) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (text.empty() || text.find('_') != std::string_view::npos) return kNone;  // 1_000 is for specs
  if (separator != ',' && text.find('.') == std::string_view::npos && std::count(text.begin(), text.end(), ',') == 1) {
    std::string with_point(text);
    std::replace(with_point.begin(), with_point.end(), ',', '.');
    return parse_real(with_point).value_or(kNone);
  }
  return parse_real(text).value_or(kNone);
}

char NumberText::separator_of(std::string_view first) const {
  const auto numbers = [&](char separator) {
    const auto fields = fields_of(first, separator);
    return std::none_of(fields.begin(), fields.end(),
                        [&](const Field& f) { return std::isnan(value(f.text(), separator)); });
  };
  for (const char c : {';', '\t', ','}) {
    if (fields_of(first, c).size() < 2) continue;
    if (c == ',' && !numbers(',') && numbers(' ')) continue;  // 1,5 2,5: decimal commas between blanks
    return c;
  }
  return ' ';
}

bool NumberText::is_header(const std::vector<Field>& first, const std::vector<Field>& second) const {
  if (second.empty()) return false;
  size_t numbers = 0, words = 0;
  bool counts = true;
  for (size_t i = 0; i < first.size(); ++i) {
    const double v = value(first[i].text(), separator_);
    numbers += !std::isnan(v);
    words += !first[i].text().empty() && std::isnan(v);
    if (i > 1) counts = counts && v == value(first[i - 1].text(), separator_) + 1;
  }
  if (numbers == 0) return words > 0;
  return first.size() > 1 && numbers + 1 == first.size() && std::isnan(value(first[0].text(), separator_)) && counts &&
         !std::isnan(value(second[0].text(), separator_));
}

void NumberText::decide() {
  const char* const begin = at_;
  if (!take_line()) return;
  const std::string_view first = current_;
  first_line_ = line_;
  const char* const behind_first = at_;
  const std::string_view second = take_line() ? current_ : std::string_view();
  separator_ = separator_of(first);
  const std::vector<Field> names = fields_of(first, separator_);
  const bool header = is_header(names, second.empty() ? std::vector<Field>() : fields_of(second, separator_));
  at_ = header ? behind_first : begin;
  line_ = header ? first_line_ : 0;
  if (header) {
    for (const Field& name : names) {
      std::string text(name.text());
      for (size_t at = 0; (at = text.find("\"\"", at)) != std::string::npos; ++at) text.erase(at, 1);
      header_.push_back(std::move(text));
    }
    return;
  }
  header_counts_ = names.size() > 2;
  for (size_t i = 1; i < names.size(); ++i) {
    header_counts_ = header_counts_ && value(names[i].text(), separator_) == value(names[i - 1].text(), separator_) + 1;
  }
}

bool NumberText::next(std::vector<double>& row) {
  row.clear();
  if (!take_line()) return false;
  const char *at = current_.data(), *end = at + current_.size();
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (end - at > 1 && digit(*at) && at[1] == separator_) {  // the common case, at a nanosecond a character
    row.push_back(*at - '0');
    at += 2;
  }
  for (;;) {
    if (separator_ == ' ') {
      while (at < end && blank(*at)) ++at;
      if (at == end) break;
    }
    const Field field = take_field(at, end, separator_);
    row.push_back(field.end - field.begin == 1 && digit(*field.begin) ? *field.begin - '0'
                                                                      : value(field.text(), separator_));
    if (separator_ == ' ') continue;
    if (at == end) break;
    ++at;
  }
  if (rows_ == 0) first_ = row[0], first_line_ = line_;
  counting_ =
      counting_ && row.size() > 1 && row[0] == first_ + static_cast<double>(rows_) && (first_ == 0 || first_ == 1);
  ++rows_;
  return true;
}

std::string_view NumberText::field(size_t field) const {
  const auto fields = fields_of(current_, separator_);
  return field < fields.size() ? fields[field].text() : std::string_view();
}

std::string NumberText::where(size_t field) const {
  const auto fields = fields_of(current_, separator_);
  const auto column =
      field < fields.size() ? fields[field].begin - current_.data() : static_cast<int64_t>(current_.size());
  return fmt::format("{}:{}:{}", name_, line_, column + 1);
}

bool NumberText::at_end(size_t field) const {
  const auto fields = fields_of(current_, separator_);
  return field < fields.size() && fields[field].begin == end_;
}

std::string NumberText::found(size_t field) const {
  const std::string_view text = this->field(field);
  if (text.empty()) return at_end(field) ? "the end" : "nothing";
  std::string printable(text.substr(0, 20));
  for (char& c : printable) c = c >= ' ' && c <= '~' ? c : '?';
  return "'" + printable + "'";
}

}  // namespace mlrun
