"""read: what a source delivered → one raw snapshot, whole and checked for wholeness, before any rule about rows.

    delivery        do the landed objects make a whole set?        archive   a zip or folder, opened safely
    manifest        which files count, in bulk or as a delta       layout    which columns each file has
    oneroster_csv   the reader: everything together                csv_fast, csv_exact   the two CSV readers
"""
