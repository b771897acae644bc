// What does not fit into memory is refused before it is asked for, with its size: Linux promises memory that it does
// not have, and kills who uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mlrun {

// Error(kUsage) where `bytes` are more than the machine (or its control group) has: "a model of 1 000 000 000
// parameters needs 16.0 GB of memory, and there are 8.2 GB". `remedy`: a further line, or "".
void require_memory(double bytes, std::string_view what, std::string_view remedy);

// Gives the pages that lie wholly in this memory back to the system: they hold zeros from now on, and take no room until
// they are written to.
void release_pages(void* begin, size_t bytes);

}  // namespace mlrun
