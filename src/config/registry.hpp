// Kinds: the parts of an experiment that a spec chooses by name (`kind: made`).
//
// A kind is a class T with a nested `T::Options` that has a constructor from a Reader (it declares and reads its own
// keys), and a constructor T(const T::Options&, Args...). Reading and building are apart, so that a whole spec can be
// checked, printed and documented without building anything. Registering touches nothing central:
//
//   [[maybe_unused]] const bool registered = register_model<Made>("made", "Masked autoencoder (Germain et al. 2015)");
//
// What must be known of a kind before it is built, from its options alone, are the facts of its interface: where there
// is a type `Interface::Facts`, every kind T has a static function T::facts(const T::Options&) that returns one.
#pragma once

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/reader.hpp"

namespace mlrun::config {

struct NoFacts {};
template <class Interface>
struct FactsOf {
  using Type = NoFacts;
};
template <class Interface>
requires requires { typename Interface::Facts; }
struct FactsOf<Interface> {
  using Type = typename Interface::Facts;
};

template <class Interface, class... Args>
class Registry {
 public:
  using Facts = typename FactsOf<Interface>::Type;
  struct Kind {
    std::string name, summary;
    std::function<std::any(Reader&)> read;
    std::function<std::unique_ptr<Interface>(const std::any&, Args...)> build;
    std::function<Facts(const std::any&)> facts;
  };

  // What a spec chose: the kind, and its options as read. Empty (kind() == "") when the spec was wrong.
  class Choice {
   public:
    Choice() = default;
    Choice(const Kind* kind, std::any options) : kind_(kind), options_(std::move(options)) {}
    std::string kind() const { return kind_ ? kind_->name : ""; }
    std::unique_ptr<Interface> build(Args... args) const { return kind_->build(options_, std::forward<Args>(args)...); }
    Facts facts() const { return kind_ ? kind_->facts(options_) : Facts{}; }

   private:
    const Kind* kind_ = nullptr;
    std::any options_;
  };

  template <class T>
  bool add(const std::string& name, const std::string& summary) {
    Kind kind{name, summary, [](Reader& reader) { return std::any(typename T::Options(reader)); },
              [](const std::any& options, Args... args) -> std::unique_ptr<Interface> {
                return std::make_unique<T>(std::any_cast<const typename T::Options&>(options),
                                           std::forward<Args>(args)...);
              },
              [](const std::any& options) {
                if constexpr (std::is_same_v<Facts, NoFacts>) return NoFacts{};
                else return T::facts(std::any_cast<const typename T::Options&>(options));
              }};
    return kinds_.emplace(name, std::move(kind)).second;
  }

  const std::map<std::string, Kind>& kinds() const { return kinds_; }

  // Reads `kind` and that kind's keys from the section. A mistake is recorded in the reader, not thrown.
  Choice choose(Reader& section, const std::optional<std::string>& fallback = std::nullopt) const {
    std::vector<std::pair<std::string, std::string>> known;
    for (const auto& [name, kind] : kinds_) known.emplace_back(name, kind.summary);
    const std::string name = section.kind(known, fallback);
    const auto found = kinds_.find(name);
    if (found == kinds_.end()) return {};
    return {&found->second, found->second.read(section)};
  }

 private:
  std::map<std::string, Kind> kinds_;
};

}  // namespace mlrun::config
