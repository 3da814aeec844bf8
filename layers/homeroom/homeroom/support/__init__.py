"""Support: the one door through which every run starts, what landed files set going, and what staff may do.

    door        may a run start now, and its start          approval    a held plan, bound to its hash
    intake      from landed objects to a whole delivery     operations  the typed operations of the function `support`
    status      whose turn it is, in words of design 3      edits       changes by hand
"""
