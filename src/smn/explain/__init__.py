"""Why an answer is what it is: where in the picture the evidence lies, its colours, and what a person can check."""

from smn.explain.explanation import Explanation, explain_analysis, explain_picture

__all__ = ["Explanation", "explain_analysis", "explain_picture"]
