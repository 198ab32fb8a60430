"""How numbers, units, dates and addresses are written: pure parsers of text, standard library only.

Every room here works on folded text (`characters.fold`), which has the same length as the source, so that offsets hold.
"""
