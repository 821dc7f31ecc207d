"""Errors that the web service and the worker share. Each message is a sentence for the user."""


class UnfitModel(Exception):
    """Why a base model cannot be used: what is wrong with its files, and what to do.

    The message does not name the model or its path on the server. Callers put the model's name in front.
    """


class BrokenHeader(ValueError):
    """Why bytes are not a whole safetensors file, as part of a sentence: "its header is cut off"."""
