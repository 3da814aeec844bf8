"""Reads a OneRoster REST service, 1.1 or 1.2, in slices: ClassLink, Clever's OneRoster service, a SIS of its own.

    reader       one slice of a read: the six collections in turn       probe     the connection test
    collections  one collection, by the best of its `ways`              walk      which page next, and when it is whole
    crew         pages side by side, heard in order                     blocks    pages → what is kept
    service      one page, signed in (`sign_in`), with `patience`       pages     an answer → a page of `records`
    progress     what the next slice must know                          frames    what was kept → raw frames (planning)
"""
