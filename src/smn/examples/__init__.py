"""Pictures in the manner of several movements, painted by rule: for the demo, the web page and the tests.

They are nobody's paintings: everything is drawn from a seed, with no file and no network.
"""

from smn.examples.gallery import draw_other, list_examples, list_others, paint, write_examples, write_others

__all__ = ["draw_other", "list_examples", "list_others", "paint", "write_examples", "write_others"]
