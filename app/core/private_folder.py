"""Folders that nobody else on this machine may read: the data folder holds every picture, and the hashes of secrets."""

import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)  # also before logging is configured: commands print warnings to stderr

_OTHERS = 0o077


def keep_private(folder: Path) -> None:
    """Create a folder with mode 0700, or give an existing one that mode, and let nobody else read what this process and
    its children write from now on.

    A folder of another user stays as it is, with a warning: that user chose who may read it.
    """
    os.umask(_OTHERS)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return
    if found.st_uid != os.geteuid():
        log.warning("%s belongs to another user and others may enter it (mode %04o): chmod 700 it", folder, mode)
        return
    try:
        folder.chmod(mode & ~_OTHERS)
    except OSError as error:  # a file system without modes
        log.warning("others may enter %s (mode %04o), and it cannot be closed to them: %s", folder, mode, error)
    else:
        log.warning("others could enter %s (mode %04o): now only its owner can", folder, mode)
