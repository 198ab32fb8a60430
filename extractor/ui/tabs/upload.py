"""Soon."""


def build(settings, desk, module):
    module("uploads", "uploads.js")
