"""The virtual rack: see README.md."""

from .base import Disk
from .cluster import Cluster
from .events import ApiError
from .machine import Machine
from .namespace import Namespace, RackError, descendants, pss_kib
from .outside import look, until
from .rack import ADDRESS, PHASES, ROOT, Rack, image_folder, site_of

__all__ = ["ADDRESS", "ApiError", "Cluster", "Disk", "Machine", "Namespace", "PHASES", "ROOT", "Rack", "RackError",
           "descendants", "image_folder", "look", "pss_kib", "site_of", "until"]
