"""How the eval sets are made: a module for each kind of report, and one for each form it is written out in.

A document is built as a list of blocks, and every value is put into its gold by the same call that prints it, so the
truth is known by construction. No part of the tool takes part in the making.
"""
