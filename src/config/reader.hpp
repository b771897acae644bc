// A section of a spec, read by typed fields. Each field is declared where it is used:
//
//   explicit Options(Reader& spec) {
//     hidden = spec.integers("hidden", {.help = "units of each hidden layer", .min = 1, .max = 65536, .fallback =
//     {{500}}}); lr = spec.real("lr", {.help = "step size", .min = 0, .exclusive_min = true, .fallback = 1e-3}); lanes
//     = spec.integer_or("lanes", "auto", {.help = "slices of a batch", .min = 1, .max = 256});  // optional<int64_t>
//     order = spec.choice("order", {"raster", "random"}, {.help = "of the pixels", .fallback = "raster"});
//   }
//
// Reading never throws for a mistake of the user: it records a diagnostic and returns the fallback (or, for a required
// field, some value in range), so that all mistakes are reported at once. Whoever opened the Document calls finish() on
// the root when everything has been read, then Diagnostics::throw_if_any(), before the values are used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/field.hpp"

namespace mlrun::config {

struct Node;
struct Reading;         // what the readers of one document share
struct SectionReading;  // what the readers of one section share

// A cheap handle: copies read, and declare in, the same section. Keeps its document alive.
class Reader {
 public:
  using Strings = std::vector<std::string>;
  using Kinds = std::vector<std::pair<std::string, std::string>>;  // name, one-line summary

  std::string string(std::string_view key, const StringField& field);
  std::string choice(std::string_view key, const Strings& choices, const ChoiceField& field);
  int64_t integer(std::string_view key, const IntegerField& field);
  double real(std::string_view key, const RealField& field);
  bool boolean(std::string_view key, const BooleanField& field);
  Period period(std::string_view key, const PeriodField& field);
  // A single value stands for a list of one element.
  std::vector<int64_t> integers(std::string_view key, const IntegersField& field);
  std::vector<double> reals(std::string_view key, const RealsField& field);
  Strings strings(std::string_view key, const StringsField& field);

  // Fields where a word ("auto", "none", "never") may stand for the value: nullopt means the word. Without a fallback
  // the word is the default.
  std::optional<std::string> string_or(std::string_view key, std::string_view word, const StringField& field);
  std::optional<int64_t> integer_or(std::string_view key, std::string_view word, const IntegerField& field);
  std::optional<double> real_or(std::string_view key, std::string_view word, const RealField& field);
  std::optional<Period> period_or(std::string_view key, std::string_view word, const PeriodField& field);

  // A choice that is an enum of the program; the fallback is one of the names.
  template <class E>
  E one_of(std::string_view key, const std::vector<std::pair<std::string, E>>& choices, const ChoiceField& field) {
    Strings names;
    for (const auto& [name, value] : choices) names.push_back(name);
    const std::string chosen = choice(key, names, field);
    for (const auto& [name, value] : choices)
      if (name == chosen) return value;
    return choices.front().second;
  }

  // A map below this one. Absent or empty: a section where every field takes its default.
  Reader section(std::string_view key, std::string_view help = "");
  // The key `kind`, which selects the rest of the section's fields. Unknown or missing: a mistake, and "" is returned;
  // the other keys of such a section are not judged.
  std::string kind(const Kinds& known, const std::optional<std::string>& fallback = std::nullopt,
                   std::string_view help = "");

  // The default of a choice of this section, in place of the one that the choice itself has. Call it before whoever reads
  // the section declares the choice.
  void preset(const std::string& key, const std::string& fallback);
  // A declared field that came when runs had been made without it: where it has its default it is no part of the
  // resolved spec, so that specs keep their fingerprints.
  void later(std::string_view key);
  // A declared field that says at length what other fields say, or nothing that people look for (hashes, whole specs):
  // descriptions of a spec in a line, and tables of what differs, leave it out.
  void in_full_only(std::string_view key);
  // This section has the keys of another one, which is what `mlrun config schema` knows: "model.mixer.gru".
  void described_by(const std::string& topic);

  bool has(std::string_view key) const;  // somebody gave it, in a file or an argument
  Origin origin(std::string_view key) const;
  const std::string& path() const;  // "model.mixer"; "" for the root
  // Only the schema is wanted: there is no spec, and values are defaults or placeholders. Skip checks across fields.
  bool describing() const;

  // A mistake the caller found (in checks across fields), shown at the place of that key's value like any other.
  void mistake(std::string_view key, const std::string& message, const std::string& remedy = "");
  // Refuses the keys that nobody declared, here and in the sections opened below; the root also refuses the arguments
  // that name no field. Call it once everything below has been read; no key is reported twice.
  void finish();

 private:
  friend class Document;
  Reader(std::shared_ptr<Reading> reading, std::shared_ptr<SectionReading> section);

  const Node* find(std::string_view key) const;
  std::string path_of(std::string_view key) const;
  std::string topic() const;
  FieldRecord& declare(std::string_view key, FieldRecord record);
  const Node* given(std::string_view key, const FieldRecord& record);
  void wrong(const Node& node, const std::string& message, const std::string& remedy = "");
  template <class T, class Parse, class Print>
  T value(std::string_view key, FieldRecord record, const std::optional<T>& fallback, T placeholder, Parse parse,
          Print print);
  template <class T, class Parse, class Print>
  std::optional<T> value_or(std::string_view key, std::string_view word, FieldRecord record,
                            const std::optional<T>& fallback, Parse parse, Print print);
  template <class T, class Parse, class Print>
  std::vector<T> list(std::string_view key, FieldRecord record, const std::optional<std::vector<T>>& fallback,
                      T placeholder, Parse parse, Print print);

  std::shared_ptr<Reading> reading_;
  std::shared_ptr<SectionReading> section_;
};

}  // namespace mlrun::config
