// For tests of studies: one made of a few files, on both engines.
#pragma once
#include "places/places.h"
#include "study/import_file.h"
#include "study/study.h"
#include "testing/workspace.h"

namespace understory::study {

using storage::Transaction;

class Studies : public testing_support::OnBothEngines {
 protected:
  Id make(Transaction& transaction, const std::string& name = "Experiences") {
    EXPECT_TRUE(places::install_builtin_places(transaction));
    NewStudy wanted;
    wanted.study.name = name;
    wanted.organisations = {"Village Voices"};
    auto made = create_study(transaction, wanted);
    EXPECT_TRUE(made) << made.error().sentence();
    return *made;
  }
  // Files by name, as they would lie beside each other.
  Result<ImportReport> bring(Transaction& transaction, Id study, const std::string& name, const std::string& bytes,
                             const ImportOptions& options = {}) {
    files_[name] = bytes;
    return import_file(transaction, study, bytes, name, options,
                       [this](const std::string& file) -> Result<std::string> {
                         const auto found = files_.find(file);
                         if (found == files_.end())
                           return fail(problems::kFileUnreadable, {{"file", file}, {"reason", "it is not there"}});
                         return found->second;
                       });
  }
  void bring_all(Transaction& transaction, Id study) {
    files_["sources/one.km.txt"] = "I: ហេតុអ្វី?\n\nSR-01: គេជំពាក់បំណុល ហើយទៅឆ្ងាយ។ លេខ 000-555-014\n";
    files_["sources/one.en.txt"] = "I: Why?\n\nSR-01: They owe money and go far. Number 000-555-014\n";
    files_["sources/group.txt"] =
        "Facilitator: Why?\n\nPhally: Debt, always debt.\n\nDara: No work here.\n\nPhally: And no land.\n";
    for (const auto& [name, bytes] : std::initializer_list<std::pair<std::string, std::string>>{
             {"respondents.csv",
              "respondent,location,kind,size,age_band,gender,role,place,language\nSR-01,Svay "
              "Rieng,person,1,50-64,male,village chief,KH-20,km\n"
              "SR-02,Svay Rieng,person,1,25-34,female,farmer,KH-20,en\nSR-03,Svay "
              "Rieng,person,1,18-24,male,youth,KH-20,en\n"},
             {"sources.csv",
              "file,source,kind,location,language,date,respondents,translation_of\nsources/"
              "one.km.txt,One,interview,Svay Rieng,km,2026-02-11,SR-01,\n"
              "sources/one.en.txt,One (English),interview,Svay "
              "Rieng,en,2026-02-11,SR-01,One\nsources/group.txt,Group,focus_group,Svay "
              "Rieng,en,2026-02-12,Phally=SR-02; Dara=SR-03,\n"},
             {"survey.csv",
              "respondent,location,age_band,gender,role,place,language,why,why_en,what_is_done,what_is_done_en\nSR-10,"
              "Svay Rieng,15-17,female,student,KH-20,km,ក្រ។,Poor.,,\n"},
             {"codings.csv",
              "source,coder,code,quote,occurrence\nOne,Anita,Causes/Poverty/Debt,គេជំពាក់បំណុល,\nOne,Rafiq,Causes/"
              "Poverty,គេជំពាក់បំណុល,\nGroup,Anita,Causes/Poverty/Debt,debt,\n"
              "Group,Anita,Causes/Poverty/No paid work nearby,No work here,\nGroup,Anita,Causes/Poverty/No land or "
              "lost land,no land,\nSR-10/why,Anita,Causes/Poverty,ក្រ,\n"},
             {"links.csv",
              "source,coder,from,to,quote,sign,certainty\nOne,Anita,Causes/Poverty/Debt,Routes/Across the land "
              "border,គេជំពាក់បំណុល ហើយទៅឆ្ងាយ,+,said\n"},
             {"masks.csv", "source,quote,kind\nOne,000-555-014,phone\nOne (English),000-555-014,phone\n"}}) {
      const auto report = bring(transaction, study, name, bytes);
      ASSERT_TRUE(report) << name << ": " << report.error().sentence();
      EXPECT_TRUE(report->complete()) << report->text();
    }
  }
  std::map<std::string, std::string> files_;
};

}  // namespace understory::study
