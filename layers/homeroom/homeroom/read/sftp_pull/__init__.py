"""OneRoster CSV fetched from a server by SFTP (requirement A4): the newest whole set, downloaded, checked, handed over.

    keys         the pinned host key; passwords and private keys
    connection   one signed-in session, opened again when it drops
    listing      which remote files make the newest set, and whether it is whole and rests
    download     one file, byte by byte, going on where it stopped
    remembered   which remote files a run was made of: nothing is fetched twice, or removed too early
    pull         one slice of it all
    probing      the connection test

What is handed over is a delivery as if it had landed; planning does not know where it came from. No polars here.
"""

from homeroom.read.sftp_pull.probing import probe
from homeroom.read.sftp_pull.pull import read

__all__ = ["probe", "read"]
