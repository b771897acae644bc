// What this process may use of the machine, and the floating-point mode every thread of mlrun runs in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun {

std::vector<int> affinity_cores();  // cores of the affinity mask, ascending; never empty
// Flush-to-zero and denormals-are-zero, and one OpenMP thread per kernel call, for the calling thread. (A denormal
// operand makes a matmul 200 times slower; lanes are our parallelism, so oneDNN must not start a team of its own.) And
// a stack of its own for signal handlers, which are to be installed with SA_ONSTACK.
void prepare_thread();
std::string cpu_name();        // "AMD EPYC" as /proc/cpuinfo says it, or "unknown"
int64_t memory_bytes();        // of the machine, or what a control group (v2) leaves to this process
int64_t peak_memory_bytes();   // of this process so far (VmHWM)
double process_cpu_seconds();  // of this process so far: all its threads, user and system

}  // namespace mlrun
