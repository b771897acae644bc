#include <malloc.h>

#include "cli/parse/program.hpp"

int main(int argc, char** argv) {
  // Activations come and go at every step: keep their pages instead of asking the kernel for fresh ones.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  return mlrun::cli::run_program(argc, argv);
}
