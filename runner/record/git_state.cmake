# git_state.cmake: writes a header with the state of the repository, for the manifest of a run. Run at
# every build; the header changes only if the state does, so nothing is compiled in vain.
#
#     cmake -D SOURCE=<tree> -D HEADER=<file> -P git_state.cmake
find_program(GIT git)
set(state "")
if(GIT)
  execute_process(COMMAND ${GIT} describe --always --dirty --tags WORKING_DIRECTORY ${SOURCE}
                  OUTPUT_VARIABLE state OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT state)
  set(state unknown) # a source archive, or no git on this machine
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define SLOPE_GIT_STATE \"${state}\"\n")
