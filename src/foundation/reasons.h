// Reasons that stand within the sentences of problems, as sentences of the catalogue too: whoever is told that a file
// is no XML is told why in the same language.
#pragma once
#include "foundation/result.h"

namespace understory {

// What stands in the sentence of `kind` for {reason} is `reason`, filled with the same details. Its code goes along as
// the detail “because”, which Catalogue::sentence() looks at.
tl::unexpected<Problem> fail_because(const ProblemKind& reason, const ProblemKind& kind, Problem::Details details = {});

namespace problems {

inline constexpr ProblemKind kReasonDtd{"reason_dtd", 422,
                                        "it holds a document type definition, which is never accepted"};
inline constexpr ProblemKind kReasonDeep{"reason_deep", 422, "its elements are nested deeper than 200"};
inline constexpr ProblemKind kReasonCharacter{"reason_character", 422, "it refers to a character XML does not allow"};
inline constexpr ProblemKind kReasonNoElement{"reason_no_element", 422, "it holds no element"};
inline constexpr ProblemKind kReasonTag{"reason_tag", 422, "a tag is not written as it must be"};
inline constexpr ProblemKind kReasonNotClosed{"reason_not_closed", 422,
                                              "an element is not closed, or another one is closed than was opened"};
inline constexpr ProblemKind kReasonAttribute{"reason_attribute", 422, "an attribute is not written as it must be"};
inline constexpr ProblemKind kReasonNoEnd{"reason_no_end", 422, "a comment or a CDATA section has no end"};
inline constexpr ProblemKind kReasonNotXml{"reason_not_xml", 422, "this is no XML"};
inline constexpr ProblemKind kReasonRoot{"reason_root", 422, "it begins with “{found}”, not with a REFI-QDA {wanted}"};
inline constexpr ProblemKind kReasonPartEnd{"reason_part_end", 422, "something stands behind its boundary"};
inline constexpr ProblemKind kReasonPartOfNoForm{"reason_part_of_no_form", 422,
                                                 "it does not say which field of a form it is"};
inline constexpr ProblemKind kReasonPartHead{"reason_part_head", 422, "its head is not written as it must be"};
inline constexpr ProblemKind kReasonPartTwice{"reason_part_twice", 422, "its head says something twice"};
inline constexpr ProblemKind kReasonPartName{"reason_part_name", 422, "it has no name"};
inline constexpr ProblemKind kReasonPartText{"reason_part_text", 422,
                                             "its name or kind is not text in UTF-8, or holds control characters"};
inline constexpr ProblemKind kReasonPartEncoding{"reason_part_encoding", 422,
                                                 "its bytes are encoded; they must be sent as they are"};
inline constexpr ProblemKind kReasonTwoForms{"reason_two_forms", 422, "it holds two parts named {part}"};
inline constexpr ProblemKind kReasonNoFormPart{"reason_no_form_part", 422, "the part named {part} is missing"};
inline constexpr ProblemKind kReasonOtherForm{"reason_other_form", 422, "it belongs to another form"};
inline constexpr ProblemKind kReasonLongNumber{"reason_long_number", 422, "its id, version or instanceID is too long"};
inline constexpr ProblemKind kReasonNoId{"reason_no_id", 422,
                                         "<{root}> has no id, so nobody can tell which form it is of"};
inline constexpr ProblemKind kReasonManyGroups{"reason_many_groups", 422,
                                               "it has more repeated groups than can be read"};

}  // namespace problems

}  // namespace understory
