"""Soon."""


def build(*a): ...
