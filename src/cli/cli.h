// The command line: one file per command, each calling the same room functions as the routes.
//
// Exit codes: 0 done · 1 the work could not be done (a sentence on standard error says what, where, what to do) ·
// 2 the command was called wrongly · 3 done, but something in the input could not be used (the report says what) ·
// 4 the workspace is from a newer program, damaged or locked · 5 disk full or database unavailable.
#pragma once

namespace understory::cli {

int run(int count, char** arguments);

}  // namespace understory::cli
