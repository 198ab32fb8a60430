"""Files on disk.

`atomic_files` writes them whole or not at all; `file_names` names them so that any file system takes them.
"""
