// SQLite takes whatever bytes the disk gives it: a bit that flips in a plain column would be read as truth. This stands
// between SQLite and the disk and refuses a page that is not as it was written.
//
// Database file: each page ends with a mark and a checksum over its content and its place (16 bytes that SQLite keeps
// free). Write-ahead log: each page read is held against the checksum SQLite wrote beside it, which SQLite itself looks
// at only after a crash – and then takes a damaged log for one that merely ends earlier. So how far the log was
// acknowledged is noted beside it (understory.db-mark), and a log that has less of it than that, or is gone, is
// refused; the note is taken away before SQLite cuts or deletes a log that is wholly in the database.
//
// What is refused comes as SQLITE_IOERR_DATA. Files made without these checksums are read as they are.
#pragma once

struct sqlite3;

namespace understory::storage {

// Its name, for sqlite3_open_v2.
const char* page_guard();
// For a database that has no table yet: keep room for the checksums.
void reserve_checksums(sqlite3* database);
bool has_checksums(sqlite3* database);

}  // namespace understory::storage
