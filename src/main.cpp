#include "cli/cli.h"

int main(int argc, char** argv) { return understory::cli::run(argc, argv); }
