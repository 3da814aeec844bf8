"""Words for what the rules of products leave out: they stand in plans, summaries and explanations.

The words of the sharing rules stand with them (`homeroom.shape.sharing`); every word that is not here is theirs.
"""

from __future__ import annotations

NOT_TAKEN = "role not taken by the product"
NO_PARENTS = "parents are not synced"
WITH_PERSON, WITH_STUDENT = "its person is not taken by the product", "its student is not taken by the product"
OTHER_SCHOOL = "other school"

PRODUCT_WORDS = frozenset({NOT_TAKEN, NO_PARENTS, WITH_PERSON, WITH_STUDENT, OTHER_SCHOOL})
"""Why a rule of the products leaves a record out."""
PRODUCT_RULED = "product rule"
"""The reason of an archive for any of them."""
