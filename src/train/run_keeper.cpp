#include "train/run_keeper.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "generate/picture.hpp"
#include "io/png.hpp"

namespace mlrun {

void DiskKeeper::row(const std::string& table, const std::map<std::string, double>& values) {
  recorder_.row(table, values);
}
void DiskKeeper::note(const std::string& kind, const io::Record& facts) { recorder_.note(kind, facts); }
void DiskKeeper::write_run_file(RunStatus status) { recorder_.write_run_file(status); }

void DiskKeeper::save(int64_t step, const std::function<io::Bytes()>& image, const std::function<void()>& then) {
  recorder_.sync();  // a checkpoint never outlives the rows before it
  writer_.write(directory_.checkpoint_path(step), image(), then);
}
void DiskKeeper::wait_for_saves() { writer_.wait(); }

void DiskKeeper::prune_checkpoints(const RunDirectory::Kept& kept,
                                   const std::function<bool(int64_t step)>& is_lasting) {
  directory_.prune_checkpoints(kept, is_lasting);
}

void DiskKeeper::pictures(int64_t step, const std::vector<io::Image>& images, int columns) {
  try {
    io::write_png(fmt::format("{}/samples/step-{:09}.png", directory_.path(), step), sheet_of(images, columns, 2));
  } catch (const Error& e) {
    log::warning("{}", e.what());
  }
}

}  // namespace mlrun
