// Catch2 as every test includes it, whichever of its generations the machine has: 2 is one header, 3 is a compiled
// library with headers of its own. Tests write what both understand, in the words of the older: Approx, Catch::Contains
// (of text), Catch::StartsWith.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/catch_tostring.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <string>

using Catch::Approx;

namespace Catch {
using Matchers::EndsWith;
using Matchers::StartsWith;

// Catch2 3 calls it ContainsSubstring; its Matchers::Contains looks for an element of a range.
inline Matchers::StringContainsMatcher Contains(const std::string& part) { return Matchers::ContainsSubstring(part); }
}  // namespace Catch

#else

#include <catch2/catch.hpp>

#endif
