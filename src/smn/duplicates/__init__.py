"""Whether two pictures are the same: by their hashes, and by comparing the pictures themselves.

Data sets and cleaning ask the same question and get the same answer: pictures are the same where their hashes differ in
`SAME_BITS` bits at most, or where `verify_pairs` scores them below `SAME`.
"""

from smn.duplicates.hashing import SAME_BITS, hash_picture, hash_pictures
from smn.duplicates.search import HashIndex, group_same, near_pairs, nearest_neighbours
from smn.duplicates.verify import SAME, verify_pairs

__all__ = [
    "SAME",
    "SAME_BITS",
    "HashIndex",
    "group_same",
    "hash_picture",
    "hash_pictures",
    "near_pairs",
    "nearest_neighbours",
    "verify_pairs",
]
