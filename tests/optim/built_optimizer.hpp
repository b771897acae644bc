// An update rule from its fields, as in a spec.
#pragma once

#include "config/document.hpp"
#include "optim/optimizer.hpp"

namespace mlrun::test {

inline std::unique_ptr<Optimizer> built_optimizer(const std::vector<std::string>& fields) {
  config::Diagnostics diagnostics;
  std::vector<std::string> all;
  for (const std::string& field : fields) all.push_back("optim." + field);
  const config::Document document = config::Document::from_text("", "test", all, diagnostics);
  config::Reader section = document.root().section("optim");
  const auto choice = optimizer_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  return choice.build();
}

}  // namespace mlrun::test
