# Writes TARGET, the definition of train/build_commit.hpp: the commit of the tree SOURCE. Every build runs it, and the file
# stays as it is where the commit does.
execute_process(COMMAND git describe --always --dirty --abbrev=12 "--exclude=*"
  WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "")
endif()
set(text "#include \"train/build_commit.hpp\"\n\nconst char* const mlrun::kBuildCommit = \"${commit}\";\n")
set(before "")
if(EXISTS ${TARGET})
  file(READ ${TARGET} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${TARGET} "${text}")
endif()
