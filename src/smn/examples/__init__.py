"""Pictures in the manner of several movements, painted by rule: for the demo, the web page and the tests.

They are nobody's paintings: everything is drawn from a seed, with no file and no network.
"""

from smn.examples.gallery import list_examples, paint, write_examples

__all__ = ["list_examples", "paint", "write_examples"]
