"""How a prompt is read: what is emphasised, where the concepts stand, and how it is cut into windows.

The web service counts with it and the worker draws with it, so that both always agree. Text and numbers only: it knows
neither of them, no tokenizer and no tensor.
"""

from app.contracts.prompts.emphasis import Part, sections
from app.contracts.prompts.windows import WINDOWS_MAX, Window, cut, pieces, unreadable

__all__ = ["WINDOWS_MAX", "Part", "Window", "cut", "pieces", "sections", "unreadable"]
