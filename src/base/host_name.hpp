// The name of this machine in its network.
#pragma once

#include <string>

namespace mlrun {

std::string host_name();  // "unknown" where it has none

}  // namespace mlrun
