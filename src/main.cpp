#include "cli/cli.h"

int main(int count, char** arguments) { return understory::cli::run(count, arguments); }
