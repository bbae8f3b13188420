// What was kept although it fitted nowhere, until it does.
#pragma once
#include "collect/forms.h"

namespace understory::collect {

// Whatever waits for this form or version belongs to it from now on. How many were released.
int release_for(storage::Transaction& transaction, const KeptForm& form, const FormVersion& version);
// A person decides: what came by a device that was revoked meanwhile, or to a form that was closed. kNotFound;
// kConflict where its form or version is still missing.
Result<void> release(storage::Transaction& transaction, Id submission);

// All that waits for somebody who may open stories: count_waiting_files() and catch_up_entities(). Whether there
// was anything to do.
bool catch_up(storage::Transaction& transaction);

}  // namespace understory::collect
