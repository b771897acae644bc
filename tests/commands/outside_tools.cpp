// Every HDF5 file that mlrun writes opens in h5dump and h5py, and run.h5 is what README promises to a data frame.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "commands/eval/eval.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

int shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()); }

}  // namespace

TEST_CASE("every .h5 of a run opens in h5dump and h5py") {
  const TemporaryDirectory root;
  train_in(root / "run", spec_of("{kind: made, hidden: [20]}", 8));
  evaluate_checkpoint({.selector = root / "run",
                       .which = "last",
                       .split = Split::kTest,
                       .overrides = {},
                       .places = {},
                       .per_example = root / "nll.h5",
                       .threads = 1});
  INFO("needs the packages hdf5-tools and python3-h5py");
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "")) {
    if (entry.path().extension() != ".h5") continue;
    ++files;
    INFO(entry.path());
    CHECK(shell("h5dump " + entry.path().string()) == 0);
    CHECK(shell("/usr/bin/python3 -c \"import h5py; f = h5py.File('" + entry.path().string() +
                "'); f.visititems(lambda n, o: o[()] if isinstance(o, h5py.Dataset) else None)\"") == 0);
  }
  CHECK(files >= 5);  // run.h5, checkpoints, evals, nll.h5
}

TEST_CASE("the metrics of run.h5 are columns of equal length with units, and NXdata finds the loss") {
  const TemporaryDirectory root;
  train_in(root / "run", spec_of("{kind: fvsbn}", 14));
  std::ofstream(root / "check.py") << R"(
import h5py, sys
f = h5py.File(sys.argv[1])
assert f.attrs['mlrun_format'] in ('run', b'run') and f.attrs['status'] in ('finished', b'finished')
for name, rows in (('train', 4), ('valid', 2)):
    g = f['metrics'][name]
    assert {len(g[k][:]) for k in g} == {rows}, {k: len(g[k][:]) for k in g}
    assert g.attrs['signal'] in ('nll', b'nll') and g.attrs['NX_class'] in ('NXdata', b'NXdata')
    assert all('unit' in g[k].attrs for k in g)
    assert g['step'].dtype.kind == 'i' and g['nll'].dtype == 'f8'
assert b'kind: fvsbn' in bytes(str(f['config/resolved_yaml'][()]), 'utf8')
)";
  INFO("needs the package python3-h5py");
  CHECK(std::system(("/usr/bin/python3 " + (root / "check.py") + " " + (root / "run") + "/run.h5").c_str()) == 0);
}
