// mlrun __man: for whoever packages the program.
#include <memory>
#include <string>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/parse/man_page.hpp"
#include "io/file.hpp"

namespace mlrun::cli {

void add_man(Command& command, const Globals&) {
  auto folder = std::make_shared<std::string>();
  command.add_option("FOLDER", *folder, "where mlrun.1 and the others go")->required();
  command.callback([&command, folder] {
    for (const ManPage& page : man_pages(command.program()))
      io::write_atomically(*folder + '/' + page.name + ".1", page.text);
  });
}

}  // namespace mlrun::cli
